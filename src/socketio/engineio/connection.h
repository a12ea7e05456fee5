#pragma once

// Drives one Session: its long-polling requests, its WebSocket, its timer and its queue.
//
// Everything happens on the connection's executor, which must run one handler at a time: an io_context with one thread,
// or a strand. send, room, flushed and close may be called from any thread: from another one they go over by a post.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "socketio/engineio/session.h"

namespace socketio::engineio {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Handlers {
    std::function<void(const Packet&)> message;
    std::function<void(std::string_view reason)> closed;  // once, as soon as it is decided
    std::function<void()> ended;                          // once, when nothing is left to send
  };

  Connection(boost::asio::any_io_executor executor, std::string sid, std::shared_ptr<const Options> options,
             Transport transport);

  // Before anything arrives.
  void start(Handlers handlers);

  const std::string& sid() const { return session_.sid(); }
  const boost::asio::any_io_executor& executor() const { return executor_; }
  bool runs_here() const;  // this thread runs the connection's executor now

  // On the executor.
  boost::asio::awaitable<std::optional<std::string>> poll();  // a GET's answer; nothing: to be refused
  bool post(std::string_view payload);                        // a POST; false: to be refused
  bool begin_upgrade();
  // Takes over a socket that asked for a WebSocket: sends `response_head`, reads on behind `leftover`; `ended` is
  // called when the WebSocket is closed.
  void adopt(boost::asio::ip::tcp::socket socket, std::string response_head, std::string_view leftover,
             std::function<void()> ended);
  void set_in_use(bool in_use);
  Transport transport() const { return session_.transport(); }

  // On any thread.
  base::Result<void> send(std::initializer_list<std::string_view> message);
  boost::asio::awaitable<base::Result<void>> room();
  boost::asio::awaitable<base::Result<void>> flushed();
  std::size_t queued_bytes() const { return queued_bytes_ + posted_bytes_; }
  bool open() const { return open_; }
  // `reason` and `text` are literals.
  void close(std::string_view reason, Closing closing, CloseCode code, std::string_view text);

 private:
  struct WebSocket {
    WebSocket(boost::asio::ip::tcp::socket taken, std::size_t message_bytes_max, std::function<void()> on_ended)
        : socket(std::move(taken)), decoder(message_bytes_max), ended(std::move(on_ended)) {}
    boost::asio::ip::tcp::socket socket;
    WebSocketDecoder decoder;
    std::function<void()> ended;
    std::string writing;
    std::size_t written = 0;        // of `writing`
    std::uint64_t taken_total = 0;  // by the session, when `writing` is written
    bool write_pending = false;
    bool sending_ended = false;
  };
  using WebSocketPtr = std::shared_ptr<WebSocket>;
  struct Waiter {
    explicit Waiter(const boost::asio::any_io_executor& executor)
        : timer(executor, Session::Clock::time_point::max()) {}
    boost::asio::steady_timer timer;
    bool woken = false;
  };
  using WaiterPtr = std::shared_ptr<Waiter>;

  void deliver(const Packet& packet);
  void read_websocket(const WebSocketPtr& websocket, std::string_view bytes);
  void wait_readable(WebSocketPtr websocket);
  void on_readable(const WebSocketPtr& websocket);
  void write(const WebSocketPtr& websocket);
  void write_some(WebSocketPtr websocket);
  void on_written(const WebSocketPtr& websocket, boost::system::error_code error, std::size_t bytes);
  void drop_websocket();

  void pump();
  void wind_up();
  void end();
  void arm_timer();
  void on_timer();
  void update_queued();
  static void wake(WaiterPtr& waiter);
  void wake_queue_waiters();
  template <class Done>
  static boost::asio::awaitable<base::Result<void>> wait_until(std::shared_ptr<Connection> self, Done done);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const Options> options_;
  Session session_;
  Handlers handlers_;
  boost::asio::steady_timer timer_;
  Session::Clock::time_point timer_at_ = Session::Clock::time_point::max();
  Session::Clock::time_point end_by_ = Session::Clock::time_point::max();
  WebSocketPtr websocket_;
  WaiterPtr poll_waiter_;
  std::vector<WaiterPtr> queue_waiters_;
  std::uint64_t written_total_ = 0;  // of the session's taken_total
  std::atomic<std::size_t> queued_bytes_ = 0;
  std::atomic<std::size_t> posted_bytes_ = 0;  // on their way from other threads
  std::atomic<bool> open_ = true;
  bool batching_ = false;  // pump() comes at the end of the batch
  bool close_reported_ = false;
  bool ended_ = false;
};

}  // namespace socketio::engineio
