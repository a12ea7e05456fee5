#include "agent/pipes.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/limits.h"

namespace agent {
namespace {

// A pipe belongs to whoever makes it, by the file system ids; chown would need a capability that the agent lacks.
bool make_pipe(const Settings& settings, Fd& reading, Fd& writing) {
  int ends[2] = {-1, -1};
  const auto group = static_cast<gid_t>(::setfsgid(settings.gid));
  const auto user = static_cast<uid_t>(::setfsuid(settings.uid));
  const int failed = ::pipe2(ends, O_CLOEXEC);
  ::setfsuid(user);
  ::setfsgid(group);
  if (failed != 0) {
    return false;
  }
  reading = Fd(ends[0]);
  writing = Fd(ends[1]);
  return true;
}

void set_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace

Pipes::Pipes(EventLoop& loop, Journal& journal, InputQueue& input, Hooks hooks)
    : loop_(loop), journal_(journal), input_(input), hooks_(std::move(hooks)) {
  outputs_[0].stream = wire::STDOUT;
  outputs_[1].stream = wire::STDERR;
}

Pipes::~Pipes() {
  close_input();
  forget_outputs();
  loop_.cancel(gather_timer_);
}

bool Pipes::open(const Settings& settings, TheirEnds& theirs) {
  if (!make_pipe(settings, theirs.in, in_) || !make_pipe(settings, outputs_[0].fd, theirs.out) ||
      !make_pipe(settings, outputs_[1].fd, theirs.error)) {
    return false;
  }
  set_nonblocking(in_);
  for (auto& output : outputs_) {
    set_nonblocking(output.fd);
    ::fcntl(output.fd.get(), F_SETPIPE_SZ, kPipeBytes);  // where the user's pages for pipes are used up it stays small
  }
  watch_outputs();
  return true;
}

void Pipes::watch_outputs() {
  for (auto& output : outputs_) {
    if (output.fd && !output.watched) {
      output.watched = true;
      loop_.watch(output.fd.get(), EPOLLIN, [this](std::uint32_t) { on_output(); });
    }
  }
}

// A pipe whose writer has gone is always ready: while nothing is to be read it cannot stay in the loop.
void Pipes::forget_outputs() {
  for (auto& output : outputs_) {
    if (output.watched) {
      output.watched = false;
      loop_.forget(output.fd.get());
    }
  }
}

void Pipes::on_output() {
  if (gather_timer_ != 0) {
    return;
  }
  const auto next = last_read_ + kGather;
  const auto now = Clock::now();
  if (last_read_bytes_ >= kSmallReadBytes || now >= next) {
    read_all();
    return;
  }
  forget_outputs();
  gather_timer_ = loop_.after(next - now, [this] {
    gather_timer_ = 0;
    read_all();
    if (!held_back_) {
      watch_outputs();
    }
  });
}

Pipes::ReadEnd Pipes::read_some(Output& output, std::size_t& bytes_read) {
  const std::uint64_t allowed = hooks_.allowance();
  if (allowed == 0) {
    return ReadEnd::held_back;
  }
  const auto room = journal_.prepare(static_cast<std::size_t>(std::min<std::uint64_t>(allowed, kReadBytes)));
  const ssize_t bytes = ::read(output.fd.get(), room.data(), room.size());
  const int error = errno;
  journal_.commit(output.stream, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  if (bytes > 0) {
    bytes_read += static_cast<std::size_t>(bytes);
    // A program that writes little by little would be read after each write, to no end.
    const bool is_drop = !draining_ && static_cast<std::size_t>(bytes) < kSmallReadBytes;
    return is_drop ? ReadEnd::empty : ReadEnd::more;
  }
  if (bytes < 0 && (error == EAGAIN || error == EINTR)) {
    return ReadEnd::empty;
  }
  return ReadEnd::closed;
}

// A full pipe at most of each, so that other work gets its turn.
void Pipes::read_all() {
  std::size_t read = 0;
  bool anything_left = false;
  held_back_ = false;
  for (auto& output : outputs_) {
    std::size_t bytes = 0;
    ReadEnd end = output.fd ? ReadEnd::more : ReadEnd::closed;
    while (end == ReadEnd::more && bytes < kPipeBytes) {
      const std::size_t before = bytes;
      end = read_some(output, bytes);
      if (bytes > before) {
        hooks_.output();
      }
    }
    read += bytes;
    held_back_ = held_back_ || end == ReadEnd::held_back;
    anything_left = anything_left || end == ReadEnd::more || end == ReadEnd::held_back;
    if (end == ReadEnd::closed && output.fd) {
      if (output.watched) {
        loop_.forget(output.fd.get());
        output.watched = false;
      }
      output.fd.reset();
    }
  }
  if (read > 0) {
    last_read_bytes_ = read;
    last_read_ = Clock::now();
  }
  if (held_back_) {
    forget_outputs();
  }
  if (!draining_) {
    return;
  }
  if (!anything_left) {
    draining_ = false;
    forget_outputs();
    hooks_.drained();
  } else if (!held_back_) {
    watch_outputs();
  }
}

void Pipes::resume() {
  if (held_back_ && hooks_.allowance() > 0) {
    held_back_ = false;
    if (draining_) {
      read_all();
    } else {
      watch_outputs();
    }
  }
}

void Pipes::drain() {
  close_input();
  draining_ = true;
  loop_.cancel(gather_timer_);
  last_read_bytes_ = kSmallReadBytes;  // nothing to gather for
  read_all();
}

void Pipes::write_input() {
  if (!in_) {
    input_.drop();
    return;
  }
  while (!input_.waiting().empty()) {
    const auto waiting = input_.waiting();
    const ssize_t bytes = ::write(in_.get(), waiting.data(), waiting.size());
    if (bytes > 0) {
      input_.written(static_cast<std::size_t>(bytes));
    } else if (errno == EAGAIN) {
      watch_input();
      return;
    } else if (errno != EINTR) {
      close_input();  // the program reads no more
      input_.drop();
      return;
    }
  }
  if (in_watched_) {
    in_watched_ = false;
    loop_.forget(in_.get());
  }
  if (input_.closed()) {
    close_input();
  }
}

void Pipes::watch_input() {
  if (!in_watched_) {
    in_watched_ = true;
    loop_.watch(in_.get(), EPOLLOUT, [this](std::uint32_t) { write_input(); });
  }
}

void Pipes::close_input() {
  if (in_watched_) {
    in_watched_ = false;
    loop_.forget(in_.get());
  }
  in_.reset();
}

}  // namespace agent
