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

// Runs `work()`, which must not throw, on a thread of `pool`; the caller resumes on its own executor with what it gave.
// It runs to its end even where the caller is cancelled. The pool must end before the caller's io_context does.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> run_on(boost::asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work&>;
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Value)>(
      [&pool](auto handler, Work job) {
        auto caller = boost::asio::make_work_guard(handler);
        boost::asio::post(pool,
                          [handler = std::move(handler), job = std::move(job), caller = std::move(caller)]() mutable {
                            auto executor = caller.get_executor();
                            boost::asio::post(executor, [handler = std::move(handler), value = job()]() mutable {
                              std::move(handler)(std::move(value));
                            });
                          });
      },
      boost::asio::use_awaitable, std::move(work));
}

}  // namespace base
