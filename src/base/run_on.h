#pragma once

// run_on(pool, work): blocking work on a pool's thread, awaited from a coroutine.

#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace base {

// Runs `work()`, which must not throw, on a thread of `pool` (a
// thread_pool, or a strand of one); the caller resumes on its own executor with what it gave.
// `work` is copied or moved from; a coroutine gives it a name first, for GCC 12 moves a lambda that is a temporary of a
// co_await byte by byte.
// It runs to its end even where the caller is cancelled. The pool must end before the caller's io_context does.
template <class Pool, class Work>
auto run_on(Pool& pool, Work&& work) -> boost::asio::awaitable<std::invoke_result_t<std::decay_t<Work>&>> {
  using Value = std::invoke_result_t<std::decay_t<Work>&>;
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Value)>(
      [&pool](auto handler, auto job) {
        auto caller = boost::asio::make_work_guard(handler);
        boost::asio::post(pool, [handler = std::move(handler), job = std::move(job),
                                 caller = std::move(caller)]() mutable {
          auto executor = caller.get_executor();
          // The guard goes along: released here, it could outlive the caller's context.
          boost::asio::post(executor, [handler = std::move(handler), value = job(),
                                       caller = std::move(caller)]() mutable { std::move(handler)(std::move(value)); });
        });
      },
      boost::asio::use_awaitable, std::forward<Work>(work));
}

}  // namespace base
