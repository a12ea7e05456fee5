#pragma once

// ExecutionService: starts, finds, watches and ends executions in sandboxes. It keeps no state that the agents do not
// have.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "sandbox/spawner.h"

namespace execution {

enum class Errc {
  sandbox_unavailable = 1,  // it could not be started or reached; the detail says why
  not_found,
  too_large,
  input_full,
  input_closed,
  too_many,
  invalid,
};
boost::system::error_code make_error_code(Errc);

enum class Stream { output, error };

enum class Status {
  starting,
  running,
  exited,
  signaled,
  stopped,
  timed_out,
  out_of_memory,
  sandbox_stopped,
  sandbox_lost,
  start_failed,
};
std::string_view to_string(Status);  // as in docs/protocol.md: "starting", "out_of_memory", …
inline bool is_end(Status status) {
  return status != Status::starting && status != Status::running;
}

struct Usage {
  std::chrono::microseconds wall{0};
  std::chrono::microseconds cpu{0};
  std::uint64_t memory_peak_bytes = 0;
};

struct Info {
  std::string id;
  Status status = Status::starting;
  int exit_code = 0;   // exited
  int signal = 0;      // signaled, or what a stop or a limit used
  std::string reason;  // plain words; empty for exited
  Usage usage;
  std::uint64_t output_begin = 0;  // bytes; what is kept is [output_begin, output_end)
  std::uint64_t output_end = 0;
  std::uint64_t input_end = 0;  // bytes of input accepted
  bool input_closed = false;
  std::int64_t started_unix_us = 0;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::uint64_t> readers;  // reader name -> acknowledged offset
};

// Values come up in this order: any number of output and gap, then one ended.
struct Event {
  enum class Kind { output, gap, ended };
  Kind kind = Kind::output;
  std::uint64_t offset = 0;
  Stream stream = Stream::output;
  std::string data;                  // raw bytes
  std::uint64_t missing_bytes = 0;   // gap
  std::shared_ptr<const Info> info;  // ended
};

// Watches one execution. While the link to the agent is lost and found again next() goes on where it was; it ends with
// an `ended` of status sandbox_lost where the execution cannot be found again. One caller at a time.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual const Info& info() const = 0;  // as it stood when the watch began
  virtual boost::asio::awaitable<Event> next() = 0;
  // Handed on up to here: gives the program room to go on. output_end + 1 of an ended execution acknowledges its end
  // too.
  virtual void acknowledge(std::uint64_t offset) = 0;
  // Nobody waits for more: an outstanding next() and every later one gives an `ended` whose info is null. Any thread.
  virtual void cancel() = 0;
};

struct StartRequest {
  std::string id;  // new_execution_id(), or the client's own: a retried start is the same start
  std::string code;
  std::map<std::string, std::string> labels;
  std::string reader;  // the name under which it is watched from the start
};

struct Started {
  Info info;
  std::unique_ptr<Watch> watch;  // from offset 0
};

// Thread-safe. `sandbox` is a sandbox's name (container_id); who may use it was decided above.
class ExecutionService {
 public:
  virtual ~ExecutionService() = default;

  // Starts the sandbox where it does not run. Returns when the interpreter runs.
  virtual boost::asio::awaitable<base::Result<Started>> start(std::string sandbox, StartRequest request,
                                                              sandbox::Progress progress) = 0;
  virtual boost::asio::awaitable<base::Result<std::unique_ptr<Watch>>> watch(std::string sandbox, std::string id,
                                                                             std::uint64_t from,
                                                                             std::string reader) = 0;
  // `offset` as in wire::Input; nullopt appends. Gives the offset after what was accepted.
  virtual boost::asio::awaitable<base::Result<std::uint64_t>> input(std::string sandbox, std::string id,
                                                                    std::string data,
                                                                    std::optional<std::uint64_t> offset) = 0;
  virtual boost::asio::awaitable<base::Result<void>> end_input(std::string sandbox, std::string id) = 0;
  virtual boost::asio::awaitable<base::Result<Info>> stop(std::string sandbox, std::string id, std::string reason) = 0;
  virtual boost::asio::awaitable<base::Result<Info>> interrupt(std::string sandbox, std::string id) = 0;
  // Empty where the sandbox does not run: listing starts nothing.
  virtual boost::asio::awaitable<base::Result<std::vector<Info>>> list(std::string sandbox) = 0;
  // Makes sure that the sandbox runs, as after a registration.
  virtual boost::asio::awaitable<base::Result<void>> prepare(std::string sandbox, sandbox::Progress progress) = 0;
};

// Links to the agents live on `executors`, each of which is one thread.
std::shared_ptr<ExecutionService> make_execution_service(std::vector<boost::asio::any_io_executor> executors,
                                                         std::shared_ptr<sandbox::Spawner> spawner,
                                                         const sandbox::Limits& limits);

// 16 characters of [a-z0-9], from the system's random source.
std::string new_execution_id();

}  // namespace execution

template <>
struct boost::system::is_error_code_enum<execution::Errc> : std::true_type {};
