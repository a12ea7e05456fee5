#pragma once

// FakeExecutionService: executions that a test drives by hand, on the executor of whoever calls.

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "execution/execution_service.h"

namespace execution {

// Not thread-safe: one io_context.
class FakeExecutionService final : public ExecutionService {
 public:
  struct Run {
    std::string sandbox;
    std::string code;
    Info info;
    std::string input;
    std::vector<Event> events;
    std::vector<boost::asio::steady_timer*> waiting;

    void wake() {
      for (auto* timer : waiting) timer->cancel();
    }
    void print(std::string data, Stream stream = Stream::output) {
      const auto size = data.size();
      Event event;
      event.offset = info.output_end;
      event.stream = stream;
      event.data = std::move(data);
      events.push_back(std::move(event));
      info.output_end += size;
      wake();
    }
    void end(Status status, std::string reason = {}) {
      if (is_end(info.status)) return;
      info.status = status;
      info.reason = std::move(reason);
      Event event;
      event.kind = Event::Kind::ended;
      event.offset = info.output_end;
      event.info = std::make_shared<Info>(info);
      events.push_back(std::move(event));
      wake();
    }
  };

  std::vector<std::shared_ptr<Run>> runs;  // newest last
  std::string start_failure;               // not empty: start() fails with it
  std::vector<std::string> start_causes;   // told to start()'s progress
  std::function<boost::asio::awaitable<void>()> before_start;

  std::shared_ptr<Run> find(const std::string& id) const {
    const auto found = std::find_if(runs.begin(), runs.end(), [&id](const auto& run) { return run->info.id == id; });
    return found == runs.end() ? nullptr : *found;
  }

  boost::asio::awaitable<base::Result<Started>> start(std::string sandbox, StartRequest request,
                                                      sandbox::Progress progress) override {
    for (const auto& cause : start_causes) progress(cause);
    if (before_start) co_await before_start();
    if (!start_failure.empty()) co_return base::fail(Errc::sandbox_unavailable, start_failure);
    const auto executor = co_await boost::asio::this_coro::executor;
    Started started;
    if (const auto known = find(request.id)) {
      started.info = known->info;
      started.watch = std::make_unique<FakeWatch>(known, 0, std::move(request.reader), executor);
      co_return started;
    }
    auto run = std::make_shared<Run>();
    run->sandbox = std::move(sandbox);
    run->code = std::move(request.code);
    run->info.id = std::move(request.id);
    run->info.labels = std::move(request.labels);
    run->info.status = Status::running;
    run->info.started_unix_us = static_cast<std::int64_t>(runs.size());
    runs.push_back(run);
    started.info = run->info;
    started.watch = std::make_unique<FakeWatch>(run, 0, std::move(request.reader), executor);
    co_return started;
  }

  boost::asio::awaitable<base::Result<std::unique_ptr<Watch>>> watch(std::string, std::string id, std::uint64_t from,
                                                                     std::string reader) override {
    const auto run = find(id);
    if (!run) co_return base::fail(Errc::not_found, "There is no execution " + id + ".");
    const auto executor = co_await boost::asio::this_coro::executor;
    co_return std::make_unique<FakeWatch>(run, from, std::move(reader), executor);
  }

  boost::asio::awaitable<base::Result<std::uint64_t>> input(std::string, std::string id, std::string data,
                                                            std::optional<std::uint64_t> offset) override {
    const auto run = find(id);
    if (!run) co_return base::fail(Errc::not_found, "There is no execution " + id + ".");
    const std::uint64_t at = offset.value_or(run->input.size());
    if (at < run->input.size()) data.erase(0, run->input.size() - at);
    run->input += data;
    co_return run->input.size();
  }

  boost::asio::awaitable<base::Result<void>> end_input(std::string, std::string id) override {
    const auto run = find(id);
    if (!run) co_return base::fail(Errc::not_found, "There is no execution " + id + ".");
    run->info.input_closed = true;
    co_return base::Result<void>{};
  }

  boost::asio::awaitable<base::Result<Info>> stop(std::string, std::string id, std::string reason) override {
    const auto run = find(id);
    if (!run) co_return base::fail(Errc::not_found, "There is no execution " + id + ".");
    run->end(Status::stopped, std::move(reason));
    co_return run->info;
  }

  boost::asio::awaitable<base::Result<Info>> interrupt(std::string sandbox, std::string id) override {
    return stop(std::move(sandbox), std::move(id), "interrupted");
  }

  boost::asio::awaitable<base::Result<std::vector<Info>>> list(std::string sandbox) override {
    std::vector<Info> infos;
    for (const auto& run : runs) {
      if (run->sandbox == sandbox) infos.push_back(run->info);
    }
    co_return infos;
  }

  boost::asio::awaitable<base::Result<void>> prepare(std::string, sandbox::Progress) override {
    co_return base::Result<void>{};
  }

 private:
  class FakeWatch final : public Watch {
   public:
    FakeWatch(std::shared_ptr<Run> run, std::uint64_t from, std::string reader,
              const boost::asio::any_io_executor& executor)
        : run_(std::move(run)), info_(run_->info), from_(from), reader_(std::move(reader)), timer_(executor) {
      run_->waiting.push_back(&timer_);
    }
    ~FakeWatch() override { std::erase(run_->waiting, &timer_); }

    const Info& info() const override { return info_; }

    boost::asio::awaitable<Event> next() override {
      while (true) {
        if (cancelled_) co_return end_of_watch();
        while (at_ < run_->events.size()) {
          Event event = run_->events[at_++];
          if (event.kind != Event::Kind::output || event.offset + event.data.size() > from_) co_return event;
        }
        timer_.expires_at(boost::asio::steady_timer::time_point::max());
        boost::system::error_code woken;
        co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
      }
    }
    void acknowledge(std::uint64_t offset) override { run_->info.readers[reader_] = offset; }
    void cancel() override {
      cancelled_ = true;
      timer_.cancel();
    }

   private:
    static Event end_of_watch() {
      Event event;
      event.kind = Event::Kind::ended;
      return event;
    }

    std::shared_ptr<Run> run_;
    Info info_;
    std::uint64_t from_;
    std::string reader_;
    boost::asio::steady_timer timer_;
    std::size_t at_ = 0;
    bool cancelled_ = false;
  };
};

}  // namespace execution
