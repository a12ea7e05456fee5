#pragma once

// For tests: a real forge-agent as an ordinary process in a folder of its own, and a server's end of its protocol.

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/fd.h"
#include "wire/framing.h"

namespace agent {

class AgentProcess {
 public:
  explicit AgentProcess(std::vector<std::string> options = {});
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  void start();
  void kill(int signal);
  int wait();  // its exit code, or 128 + signal
  pid_t pid() const { return pid_; }
  std::string home() const { return folder_ + "/home"; }
  std::string journal_dir() const { return folder_ + "/journal"; }
  std::string socket() const { return folder_ + "/agent.sock"; }

 private:
  std::vector<std::string> options_;
  std::string folder_;
  pid_t pid_ = 0;
};

// Throws std::runtime_error where the agent hangs up or says nothing for a minute.
class Client {
 public:
  explicit Client(const std::string& socket, bool hello = true);

  std::uint64_t send(wire::ToAgent message);  // gives the request number
  void send_bytes(std::string_view bytes);
  wire::FromAgent receive();                      // the next message
  wire::FromAgent answer(std::uint64_t request);  // keeps what comes between for receive_of
  wire::FromAgent call(wire::ToAgent message) { return answer(send(std::move(message))); }
  bool closed();  // waits until the agent hangs up

  wire::ExecutionInfo start(const std::string& id, const std::string& code, std::uint64_t time_limit_ms = 0);
  std::uint64_t attach(const std::string& id, std::uint64_t from = 0, const std::string& reader = "test",
                       std::uint64_t window = std::uint64_t{4} << 20);
  wire::FromAgent input(const std::string& id, const std::string& data, std::uint64_t offset = UINT64_MAX);
  wire::ExecutionInfo stop(const std::string& id, const std::string& reason = "");
  wire::ExecutionInfo info(const std::string& id);

  struct Seen {
    std::string out, err;
    std::uint64_t next = 0;  // the offset after what was seen
    std::uint64_t bytes = 0;
    std::uint64_t missing = 0;
    bool in_order = true;
    wire::ExecutionInfo info;
  };
  // Reads an attachment to its end, acknowledging as it comes.
  Seen read_to_end(std::uint64_t attachment, std::uint64_t from = 0, bool keep = true);
  // Reads until stdout has `text` in it.
  std::string read_until(std::uint64_t attachment, const std::string& text);
  void acknowledge(std::uint64_t attachment, std::uint64_t offset);

 private:
  wire::FromAgent next_of(std::uint64_t request);

  Fd socket_;
  wire::FrameReader reader_;
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, std::deque<wire::FromAgent>> kept_;
};

// start, attach from 0, read to the end.
Client::Seen run(Client& client, const std::string& id, const std::string& code);

}  // namespace agent
