#include "agent/connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <vector>

#include "agent/limits.h"

namespace agent {
namespace {

constexpr std::size_t kBatchFrames = 32;
constexpr std::size_t kBatchBytes = std::size_t{512} << 10;
constexpr int kReadsAtOnce = 16;  // then others get their turn

}  // namespace

// Frames of output that one sendmsg takes.
struct Connection::Batch {
  struct Frame {
    Watching* watching;
    wire::OutputHead head;
    Journal::Piece piece;
  };
  std::vector<Frame> frames;
  std::size_t bytes = 0;
};

Connection::Connection(EventLoop& loop, Fd socket, Hooks hooks)
    : loop_(loop), socket_(std::move(socket)), hooks_(std::move(hooks)) {
  const int send_bytes = 1 << 20;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
  loop_.watch(socket_.get(), EPOLLIN, [this](std::uint32_t events) { on_event(events); });
}

Connection::~Connection() {
  loop_.forget(socket_.get());
  for (auto& [request, watching] : watchings_) {
    watching.execution->remove(&watching.attachment);
  }
}

void Connection::close() {
  if (!closing_) {
    closing_ = true;
    loop_.forget(socket_.get());
    loop_.defer(hooks_.closed);
  }
}

void Connection::on_event(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    writable_ = true;
    watch_writable(false);
    pump();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !closing_) {
    read_requests();
  }
}

void Connection::read_requests() {
  for (int i = 0; i < kReadsAtOnce && !closing_; ++i) {
    const auto room = reader_.room();
    const ssize_t bytes = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
      break;
    }
    if (bytes <= 0) {
      close();
      return;
    }
    reader_.commit(static_cast<std::size_t>(bytes));
    while (!closing_) {
      const auto frame = reader_.next();
      if (frame.has_error()) {
        fail(0, wire::Failure::BAD_REQUEST, frame.error().message());
        pump();
        close();
        return;
      }
      if (!frame->has_value()) {
        break;
      }
      wire::ToAgent message;
      if (!message.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size()))) {
        fail(0, wire::Failure::BAD_REQUEST, "A message could not be read.");
        pump();
        close();
        return;
      }
      hooks_.request(*this, message);
    }
    if (static_cast<std::size_t>(bytes) < room.size()) {
      break;
    }
  }
  pump();
}

void Connection::send(const wire::FromAgent& message) {
  if (closing_) {
    return;
  }
  wire::append_frame(answers_, message);
  if (answers_.size() - answers_sent_ > kAnswerBytesMax) {
    close();  // it asks and does not read
  }
}

void Connection::fail(std::uint64_t request, wire::Failure::Code code, std::string message) {
  wire::FromAgent answer;
  answer.set_request(request);
  answer.mutable_failure()->set_code(code);
  answer.mutable_failure()->set_message(std::move(message));
  send(answer);
}

bool Connection::attach(std::uint64_t request, std::shared_ptr<Execution> execution, Attachment attachment) {
  const auto [entry, fresh] = watchings_.try_emplace(request, Watching{std::move(execution), std::move(attachment)});
  if (fresh) {
    entry->second.execution->add(&entry->second.attachment);
  }
  return fresh;
}

void Connection::detach(std::uint64_t request) {
  const auto found = watchings_.find(request);
  if (found != watchings_.end()) {
    auto node = watchings_.extract(found);
    node.mapped().execution->remove(&node.mapped().attachment);
  }
}

bool Connection::acknowledge(std::uint64_t request, std::uint64_t offset) {
  const auto found = watchings_.find(request);
  if (found == watchings_.end()) {
    return true;
  }
  const auto execution = found->second.execution;
  return execution->acknowledge(found->second.attachment, offset);
}

void Connection::watch_writable(bool wanted) {
  loop_.change(socket_.get(), wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Connection::pump() {
  if (pumping_) {
    return;
  }
  pumping_ = true;
  while (writable_ && !closing_ && send_answers() && send_output()) {
  }
  pumping_ = false;
  for (auto& [request, watching] : watchings_) {
    if (watching.over && !watching.left) {
      watching.left = true;
      watching.execution->remove(&watching.attachment);
    }
  }
}

bool Connection::send_answers() {
  while (answers_sent_ < answers_.size()) {
    const ssize_t bytes = ::send(socket_.get(), answers_.data() + answers_sent_, answers_.size() - answers_sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (bytes >= 0) {
      answers_sent_ += static_cast<std::size_t>(bytes);
    } else if (errno == EAGAIN) {
      writable_ = false;
      watch_writable(true);
      return false;
    } else if (errno != EINTR) {
      close();
      return false;
    }
  }
  answers_.clear();
  answers_sent_ = 0;
  return true;
}

// What is not output: a gap before the next byte kept, the end after the last.
void Connection::announce(std::uint64_t request, Watching& watching) {
  auto& attachment = watching.attachment;
  const Journal& journal = watching.execution->journal();
  if (watching.over) {
    return;
  }
  wire::FromAgent message;
  message.set_request(request);
  if (attachment.next() < journal.begin()) {
    message.mutable_gap()->set_offset(attachment.next());
    message.mutable_gap()->set_bytes(journal.begin() - attachment.next());
    attachment.sent_to(journal.begin());
    send(message);
  } else if (watching.execution->ended() && attachment.next() == journal.end()) {
    *message.mutable_ended() = watching.execution->info();
    watching.over = true;
    attachment.sent_to(journal.end() + 1);
    send(message);
  }
}

// Whether anything is to be sent: frames in the batch, or announcements among the answers.
bool Connection::gather(Batch& batch) {
  auto turn = watchings_.upper_bound(last_served_);
  for (std::size_t i = 0; i < watchings_.size(); ++i) {
    turn = turn == watchings_.end() ? watchings_.begin() : turn;
    auto& [request, watching] = *turn++;
    auto& attachment = watching.attachment;
    announce(request, watching);
    if (watching.over) {
      continue;
    }
    const Journal& journal = watching.execution->journal();
    std::uint64_t next = attachment.next();
    std::uint64_t credit = attachment.credit();
    while (credit > 0 && batch.frames.size() < kBatchFrames && batch.bytes < kBatchBytes) {
      const auto piece =
          journal.at(next, static_cast<std::size_t>(std::min<std::uint64_t>(credit, kOutputFrameBytesMax)));
      if (!piece) {
        break;
      }
      const wire::OutputHead head(request, piece->offset, piece->stream, piece->data.size());
      batch.frames.push_back({&watching, head, *piece});
      batch.bytes += head.bytes().size() + piece->data.size();
      next += piece->data.size();
      credit -= piece->data.size();
      last_served_ = request;
    }
  }
  return !batch.frames.empty() || !answers_.empty();
}

// True where more may be sent at once.
bool Connection::send_output() {
  Batch batch;
  if (!gather(batch)) {
    return false;
  }
  if (!answers_.empty()) {
    return true;  // announcements stand before the output that was gathered with them; it is gathered anew
  }
  iovec parts[2 * kBatchFrames];
  std::size_t count = 0;
  for (const auto& frame : batch.frames) {
    parts[count++] = {const_cast<char*>(frame.head.bytes().data()), frame.head.bytes().size()};
    parts[count++] = {const_cast<char*>(frame.piece.data.data()), frame.piece.data.size()};
  }
  msghdr header{};
  header.msg_iov = parts;
  header.msg_iovlen = count;
  const ssize_t sent = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno == EAGAIN) {
      writable_ = false;
      watch_writable(true);
    } else if (errno != EINTR) {
      close();
    }
    return errno == EINTR;
  }
  auto left = static_cast<std::size_t>(sent);
  for (const auto& frame : batch.frames) {
    const std::size_t bytes = frame.head.bytes().size() + frame.piece.data.size();
    if (left == 0) {
      break;
    }
    frame.watching->attachment.sent_to(frame.piece.offset + frame.piece.data.size());
    if (left < bytes) {  // the rest of a frame that has begun must follow, whatever becomes of the journal
      const std::size_t in_head = std::min(left, frame.head.bytes().size());
      answers_.append(frame.head.bytes().substr(in_head));
      answers_.append(frame.piece.data.substr(left - in_head));
      break;
    }
    left -= bytes;
  }
  return true;
}

}  // namespace agent
