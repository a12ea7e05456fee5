#pragma once

// FakeAgent: an agent whose executions a test drives by hand. It speaks the real protocol over any stream, and its
// executions outlive its connections.

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/byte_stream.h"
#include "wire/framing.h"

namespace sandbox {

// Not thread-safe: everything happens on the streams' executor.
class FakeAgent : public std::enable_shared_from_this<FakeAgent> {
 public:
  using Body = wire::ToAgent::BodyCase;
  struct Run {
    wire::ExecutionInfo info;
    std::string code, input, output;
    std::map<std::uint64_t, wire::Stream> pieces;  // where each stream's turn begins
  };

  std::function<void(const std::string& id)> program;  // what a start runs
  std::size_t frame_bytes_max = std::size_t{256} << 10;
  std::size_t outbox_bytes_max = std::size_t{1} << 20;
  std::set<Body> ignored;               // they get no answer
  std::set<Body> hangs_up_after;        // once each: it is done, and the connection ends before the answer
  std::map<Body, wire::Failure> fails;  // what they get
  std::uint32_t version = 1;

  std::map<Body, int> requests;  // how many came of each
  int starts = 0;
  int connections = 0;
  std::uint64_t ahead_max = 0;  // most that was sent and not acknowledged
  std::map<std::string, Run> runs;

  void serve(const boost::asio::any_io_executor& executor, std::unique_ptr<ByteStream> stream) {
    ++connections;
    auto connection = std::make_shared<Connection>(executor, std::move(stream));
    open_.push_back(connection);
    boost::asio::co_spawn(executor, read_all(shared_from_this(), connection), boost::asio::detached);
    boost::asio::co_spawn(executor, write_all(shared_from_this(), connection), boost::asio::detached);
  }

  void print(const std::string& id, std::string_view data, wire::Stream stream = wire::STDOUT) {
    Run& run = runs.at(id);
    if (run.pieces.empty() || run.pieces.rbegin()->second != stream) run.pieces[run.output.size()] = stream;
    run.output += data;
    run.info.set_output_end(run.output.size());
    wake_all();
  }
  void end(const std::string& id, wire::Status status = wire::EXITED, std::string reason = {}) {
    runs.at(id).info.set_status(status);
    runs.at(id).info.set_reason(std::move(reason));
    wake_all();
  }
  // Bytes before `offset` are kept no more.
  void drop(const std::string& id, std::uint64_t offset) { runs.at(id).info.set_output_begin(offset); }
  std::size_t attachments() const {
    return std::accumulate(open_.begin(), open_.end(), std::size_t{0}, [](std::size_t sum, const Shared& connection) {
      return sum + connection->watchings.size();
    });
  }
  void hang_up() {
    for (const auto& connection : std::exchange(open_, {})) connection->close();
  }

 private:
  struct Watching {
    std::string id, reader;
    std::uint64_t next = 0, acknowledged = 0, window = 0;
    bool is_over = false;
  };
  struct Connection {
    Connection(const boost::asio::any_io_executor& executor, std::unique_ptr<ByteStream> to)
        : stream(std::move(to)), more(executor, boost::asio::steady_timer::time_point::max()) {}
    void close() {
      is_open = false;
      stream->close();
      more.cancel();
    }
    std::unique_ptr<ByteStream> stream;
    boost::asio::steady_timer more;
    std::string outbox;
    std::map<std::uint64_t, Watching> watchings;
    bool is_open = true;
  };
  using Shared = std::shared_ptr<Connection>;

  static boost::asio::awaitable<void> read_all(std::shared_ptr<FakeAgent> self, Shared connection) {
    wire::FrameReader frames;
    while (connection->is_open) {
      const auto room = frames.room();
      const auto got = co_await connection->stream->read_some(boost::asio::buffer(room.data(), room.size()));
      if (!got) break;
      frames.commit(*got);
      while (connection->is_open) {
        const auto frame = frames.next();
        wire::ToAgent message;
        if (!frame || !*frame) break;
        if (!message.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size()))) break;
        self->handle(*connection, message);
      }
      connection->more.cancel();
    }
    if (connection->is_open) connection->close();
    std::erase(self->open_, connection);
  }

  static boost::asio::awaitable<void> write_all(std::shared_ptr<FakeAgent> self, Shared connection) {
    while (connection->is_open) {
      self->send_output(*connection);
      if (connection->outbox.empty()) {
        boost::system::error_code woken;
        connection->more.expires_at(boost::asio::steady_timer::time_point::max());
        co_await connection->more.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        continue;
      }
      const std::string sending = std::exchange(connection->outbox, {});
      const boost::asio::const_buffer buffer(sending.data(), sending.size());
      const auto written = co_await connection->stream->write({&buffer, 1});
      if (!written) connection->close();
    }
  }

  void wake_all() {
    for (const auto& connection : open_) connection->more.cancel();
  }

  void handle(Connection& connection, const wire::ToAgent& message);
  void answer(Connection& connection, const wire::ToAgent& message, wire::FromAgent& answer);
  void start(const wire::Start& start);
  void acknowledge(Connection& connection, const wire::Acknowledge& message);
  static void accept_input(Run& run, const wire::Input& input);
  static std::string id_of(const wire::ToAgent& message);
  void send_output(Connection& connection);
  void send_output(Connection& connection, std::uint64_t request, Watching& watching);

  std::vector<Shared> open_;
};

}  // namespace sandbox

#include "sandbox/agent_fake_requests.h"
