#pragma once

// run_to_end(coroutine): for tests, gives what an awaitable gives.

#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace base {

template <class Value>
Value run_to_end(boost::asio::awaitable<Value> coroutine) {
  boost::asio::io_context context{1};
  std::optional<Value> value;
  std::exception_ptr exception;
  boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr thrown, Value given) {
    exception = thrown;
    value = std::move(given);
  });
  context.run();
  if (exception) std::rethrow_exception(exception);
  return std::move(*value);
}

}  // namespace base
