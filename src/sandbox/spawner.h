#pragma once

// Spawner: what a backend of sandboxes is.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "sandbox/byte_stream.h"
#include "sandbox/limits.h"

namespace sandbox {

// Errors of this folder, for Result's code.
enum class Errc {
  unavailable = 1,  // the backend cannot make sandboxes here; the detail says what is missing
  start_failed,
  not_found,
  lost,  // the sandbox or its agent ended
  timeout,
  refused,  // the agent refused a request; the detail is its message
  too_large,
  input_full,
  input_closed,
  too_many,
};
boost::system::error_code make_error_code(Errc);

enum class State { starting, running, stopped };

struct SandboxSpec {
  std::string name;  // container_id: [a-z0-9-], 1..63 characters
  Limits limits;
};

struct SandboxInfo {
  std::string name;
  State state = State::stopped;
};

// Told one line for each change of what a start waits for, as "unpacking the image".
using Progress = std::function<void(std::string_view)>;

// Calls may come from any executor and at the same time, also for one name. A call's coroutine resumes on its
// caller's executor.
class Spawner {
 public:
  virtual ~Spawner() = default;

  // Makes the sandbox, or starts it again with its home as it was, or finds it running: idempotent. Returns when
  // connect() can succeed.
  virtual boost::asio::awaitable<base::Result<void>> start(SandboxSpec spec, Progress progress) = 0;

  // A new stream to the agent of a running sandbox.
  virtual boost::asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> connect(std::string name) = 0;

  // Ends what runs in it; the home stays. Succeeds where it is stopped already.
  virtual boost::asio::awaitable<base::Result<void>> stop(std::string name) = 0;

  // Stops it and removes the home.
  virtual boost::asio::awaitable<base::Result<void>> remove(std::string name) = 0;

  virtual boost::asio::awaitable<base::Result<std::vector<SandboxInfo>>> list() = 0;
};

}  // namespace sandbox

template <>
struct boost::system::is_error_code_enum<sandbox::Errc> : std::true_type {};
