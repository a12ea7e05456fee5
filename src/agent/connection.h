#pragma once

// Connection: one server's stream: requests in, answers and output out. Answers are queued here; output is not, it goes
// from the journal to the socket as the socket takes it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/attachment.h"
#include "agent/event_loop.h"
#include "agent/execution.h"
#include "agent/fd.h"
#include "wire/framing.h"

namespace agent {

class Connection {
 public:
  struct Hooks {
    std::function<void(Connection&, wire::ToAgent&)> request;
    std::function<void()> closed;  // destroys it, not from within
  };

  Connection(EventLoop& loop, Fd socket, Hooks hooks);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const wire::FromAgent& message);
  void fail(std::uint64_t request, wire::Failure::Code code, std::string message);

  bool greeted = false;  // its hello was answered

  std::size_t attachments() const { return watchings_.size(); }
  // False where `request` names an attachment already.
  bool attach(std::uint64_t request, std::shared_ptr<Execution> execution, Attachment attachment);
  void detach(std::uint64_t request);
  // False for an offset that was not sent; one that is not there is fine. The end counts as one byte.
  bool acknowledge(std::uint64_t request, std::uint64_t offset);

  // Sends what the socket takes: answers first, then output, each attachment in turn.
  void pump();
  bool flushed() const { return answers_.size() == answers_sent_; }
  // Closes once the handlers have returned.
  void close();

 private:
  struct Watching {
    std::shared_ptr<Execution> execution;
    Attachment attachment;
    bool over = false;  // its end was sent; it stays for acknowledgements until it is detached
    bool left = false;  // and holds nothing back any more
  };
  struct Batch;

  void on_event(std::uint32_t events);
  void read_requests();
  bool send_answers();
  bool send_output();
  bool gather(Batch& batch);
  void announce(std::uint64_t request, Watching& watching);
  void watch_writable(bool wanted);

  EventLoop& loop_;
  Fd socket_;
  Hooks hooks_;
  wire::FrameReader reader_;
  std::string answers_;
  std::size_t answers_sent_ = 0;
  std::map<std::uint64_t, Watching> watchings_;
  std::uint64_t last_served_ = 0;
  bool writable_ = true;
  bool pumping_ = false;
  bool closing_ = false;
};

}  // namespace agent
