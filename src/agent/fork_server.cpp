#include "agent/fork_server.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/fork_server_source.h"
#include "agent/limits.h"

namespace agent {
namespace {

Fd source_file() {
  const std::string_view source = fork_server_source();
  Fd file(::memfd_create("fork_server", MFD_CLOEXEC));
  if (file && ::write(file.get(), source.data(), source.size()) == static_cast<ssize_t>(source.size())) {
    ::lseek(file.get(), 0, SEEK_SET);
  }
  return file;
}

}  // namespace

ForkServer::ForkServer(EventLoop& loop, const Settings& settings, const std::vector<std::string>& preload, Hooks hooks)
    : loop_(loop), hooks_(std::move(hooks)) {
  int control[2] = {-1, -1};
  int words[2] = {-1, -1};
  const Fd source = source_file();
  if (!source || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0 ||
      ::pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0) {
    loop_.defer([gone = hooks_.gone] { gone("the agent has no descriptors left"); });
    return;
  }
  control_ = Fd(control[0]);
  words_pipe_ = Fd(words[0]);
  const Fd their_control(control[1]);
  const Fd their_words(words[1]);
  pid_ = start_fork_server(settings, source.get(), their_control.get(), their_words.get());
  if (pid_ < 0) {
    loop_.defer([gone = hooks_.gone] { gone("no process could be started"); });
    return;
  }
  loop_.watch(control_.get(), EPOLLIN, [this](std::uint32_t) { on_control(); });
  loop_.watch(words_pipe_.get(), EPOLLIN, [this](std::uint32_t) { read_words(); });
  send_datagram(control_.get(), encode_control({"init",
                                                {{"supervisor", settings.supervisor},
                                                 {"preload", join_modules(preload)},
                                                 {"memory_max", std::to_string(settings.memory_bytes_max)}}}));
}

ForkServer::~ForkServer() {
  loop_.forget(control_.get());
  loop_.forget(words_pipe_.get());
}

void ForkServer::make_spare() {
  send_datagram(control_.get(), "fork");
}

void ForkServer::run_ended(pid_t interpreter) {
  send_datagram(control_.get(), encode_control({"ended", {{"pid", std::to_string(interpreter)}}}));
}

void ForkServer::on_control() {
  Datagram datagram;
  const Receive received = receive_datagram(control_.get(), datagram);
  if (received == Receive::message) {
    on_message(datagram);
  } else if (received == Receive::closed) {
    read_words();
    loop_.forget(control_.get());
    hooks_.gone(!words_.empty() ? words_ : "it ended without a word");
  }
}

void ForkServer::on_message(Datagram& datagram) {
  const ControlMessage message = parse_control(datagram.text);
  if (message.verb == "spare" && datagram.descriptors.size() == 2 && message.pid("pid") != 0 &&
      message.pid("supervisor") != 0) {
    hooks_.spare(Spare{std::move(datagram.descriptors[0]), std::move(datagram.descriptors[1]), message.pid("pid"),
                       message.pid("supervisor")});
  } else if (message.verb == "ready") {
    hooks_.ready(message.modules());
  } else if (message.verb == "learned") {
    hooks_.learned(message.modules());
  } else if (message.verb == "unspared") {
    hooks_.unspared(message.value("why"));
  }
}

void ForkServer::read_words() {
  char text[1024];
  ssize_t bytes = 0;
  while ((bytes = ::read(words_pipe_.get(), text, sizeof text)) > 0) {
    words_.append(text, static_cast<std::size_t>(bytes));
    if (words_.size() > kLastWordsBytes) {
      words_.erase(0, words_.size() - kLastWordsBytes);
    }
  }
  if (bytes == 0) {
    loop_.forget(words_pipe_.get());
  }
}

}  // namespace agent
