#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "agent/agent_test_client.h"

namespace agent {

AgentProcess::AgentProcess(std::vector<std::string> options) : options_(std::move(options)) {
  char folder[] = "/tmp/forge-agent-test-XXXXXX";
  if (::mkdtemp(folder) == nullptr) {
    throw std::runtime_error("no folder for the test");
  }
  folder_ = folder;
  ::chmod(folder, 0755);
  ::mkdir(home().c_str(), 0755);
  start();
}

AgentProcess::~AgentProcess() {
  kill(SIGTERM);
  wait();
  std::filesystem::remove_all(folder_);
}

void AgentProcess::start() {
  std::vector<std::string> arguments{FORGE_AGENT_PATH, "serve",  "--socket", socket(),       "--journal",
                                     journal_dir(),    "--home", home(),     "--supervisor", FORGE_AGENT_PATH};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  std::vector<char*> argv;
  for (auto& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // the agent cannot be traced, as its leak check would
    ::setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
    ::close_range(3, ~0U, 0);
    ::execv(FORGE_AGENT_PATH, argv.data());
    ::_exit(127);
  }
}

void AgentProcess::kill(int signal) {
  if (pid_ > 0) {
    ::kill(pid_, signal);
  }
}

int AgentProcess::wait() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, 0) != pid_) {
    return -1;
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Client::Client(const std::string& socket, bool hello) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  for (int tries = 0; tries < 6000; ++tries) {
    socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      break;
    }
    socket_.reset();
    ::usleep(10'000);
  }
  if (!socket_) {
    throw std::runtime_error("the agent does not listen");
  }
  if (hello) {
    wire::ToAgent message;
    message.mutable_hello()->set_version(1);
    if (call(message).hello().version() != 1) {
      throw std::runtime_error("the agent did not greet");
    }
  }
}

void Client::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      throw std::runtime_error("the agent hung up");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::uint64_t Client::send(wire::ToAgent message) {
  message.set_request(++last_request_);
  std::string bytes;
  wire::append_frame(bytes, message);
  send_bytes(bytes);
  return last_request_;
}

wire::FromAgent Client::receive() {
  for (;;) {
    const auto frame = reader_.next();
    if (frame.has_error()) {
      throw std::runtime_error(frame.error().message());
    }
    if (frame->has_value()) {
      wire::FromAgent message;
      if (!message.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size()))) {
        throw std::runtime_error("the agent sent what is no message");
      }
      return message;
    }
    pollfd readable{socket_.get(), POLLIN, 0};
    const auto room = reader_.room();
    const ssize_t bytes = ::poll(&readable, 1, 60'000) == 1 ? ::recv(socket_.get(), room.data(), room.size(), 0) : -1;
    if (bytes <= 0) {
      throw std::runtime_error(bytes == 0 ? "the agent hung up" : "the agent said nothing for a minute");
    }
    reader_.commit(static_cast<std::size_t>(bytes));
  }
}

wire::FromAgent Client::next_of(std::uint64_t request) {
  auto& kept = kept_[request];
  while (kept.empty()) {
    wire::FromAgent message = receive();
    kept_[message.request()].push_back(std::move(message));
  }
  wire::FromAgent message = std::move(kept.front());
  kept.pop_front();
  return message;
}

wire::FromAgent Client::answer(std::uint64_t request) {
  return next_of(request);
}

bool Client::closed() {
  try {
    for (;;) {
      receive();
    }
  } catch (const std::runtime_error& error) {
    return std::string(error.what()) == "the agent hung up";
  }
}

wire::ExecutionInfo Client::start(const std::string& id, const std::string& code, std::uint64_t time_limit_ms) {
  wire::ToAgent message;
  message.mutable_start()->set_id(id);
  message.mutable_start()->set_code(code);
  message.mutable_start()->set_time_limit_ms(time_limit_ms);
  return call(message).info();
}

std::uint64_t Client::attach(const std::string& id, std::uint64_t from, const std::string& reader,
                             std::uint64_t window) {
  wire::ToAgent message;
  message.mutable_attach()->set_id(id);
  message.mutable_attach()->set_from(from);
  message.mutable_attach()->set_reader(reader);
  message.mutable_attach()->set_window(window);
  const std::uint64_t request = send(message);
  if (!answer(request).has_info()) {
    throw std::runtime_error("the attach was refused");
  }
  return request;
}

wire::FromAgent Client::input(const std::string& id, const std::string& data, std::uint64_t offset) {
  wire::ToAgent message;
  message.mutable_input()->set_id(id);
  message.mutable_input()->set_data(data);
  message.mutable_input()->set_offset(offset);
  return call(message);
}

wire::ExecutionInfo Client::stop(const std::string& id, const std::string& reason) {
  wire::ToAgent message;
  message.mutable_stop()->set_id(id);
  message.mutable_stop()->set_reason(reason);
  return call(message).info();
}

wire::ExecutionInfo Client::info(const std::string& id) {
  wire::ToAgent message;
  message.mutable_list();
  const wire::FromAgent answer = call(message);
  for (const auto& info : answer.executions().execution()) {
    if (info.id() == id) {
      return info;
    }
  }
  return {};
}

void Client::acknowledge(std::uint64_t attachment, std::uint64_t offset) {
  wire::ToAgent message;
  message.mutable_acknowledge()->set_attachment(attachment);
  message.mutable_acknowledge()->set_offset(offset);
  send(message);
}

Client::Seen Client::read_to_end(std::uint64_t attachment, std::uint64_t from, bool keep) {
  Seen seen;
  seen.next = from;
  std::uint64_t acknowledged = from;
  for (;;) {
    const wire::FromAgent message = next_of(attachment);
    if (message.has_output()) {
      const auto& output = message.output();
      seen.in_order = seen.in_order && output.offset() == seen.next;
      seen.next = output.offset() + output.data().size();
      seen.bytes += output.data().size();
      if (keep) {
        (output.stream() == wire::STDERR ? seen.err : seen.out) += output.data();
      }
    } else if (message.has_gap()) {
      seen.in_order = seen.in_order && message.gap().offset() == seen.next;
      seen.next += message.gap().bytes();
      seen.missing += message.gap().bytes();
    } else if (message.has_ended()) {
      seen.info = message.ended();
      return seen;
    } else {
      throw std::runtime_error("an attachment sent something else: " + message.failure().message());
    }
    if (seen.next - acknowledged > 256 << 10) {
      acknowledged = seen.next;
      acknowledge(attachment, acknowledged);
    }
  }
}

std::string Client::read_until(std::uint64_t attachment, const std::string& text) {
  std::string out;
  while (out.find(text) == std::string::npos) {
    const wire::FromAgent message = next_of(attachment);
    if (!message.has_output()) {
      throw std::runtime_error("no such output came, but: " + out);
    }
    out += message.output().data();
  }
  return out;
}

Client::Seen run(Client& client, const std::string& id, const std::string& code) {
  client.start(id, code);
  return client.read_to_end(client.attach(id));
}

}  // namespace agent
