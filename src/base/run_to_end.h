#pragma once

// run_to_end(coroutine): for tests, gives what an awaitable gives.

#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace base {

// Runs `context` until then, and leaves what else goes on there.
template <class Value>
Value run_to_end(boost::asio::io_context& context, boost::asio::awaitable<Value> coroutine) {
  std::optional<Value> value;
  std::exception_ptr exception;
  boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr thrown, Value given) {
    exception = thrown;
    value = std::move(given);
  });
  context.restart();
  while (!value) {
    if (context.run_one() == 0) throw std::logic_error("the coroutine waits for nothing");
  }
  if (exception) std::rethrow_exception(exception);
  return std::move(*value);
}

// A context of its own, kept until the program ends: a pool's thread may still be leaving it when the value is there.
inline boost::asio::io_context& lasting_context() {
  static std::mutex mutex;
  static std::deque<boost::asio::io_context> contexts;
  const std::lock_guard lock(mutex);
  return contexts.emplace_back(1);
}

template <class Value>
Value run_to_end(boost::asio::awaitable<Value> coroutine) {
  return run_to_end(lasting_context(), std::move(coroutine));
}

}  // namespace base
