#include "agent/event_loop.h"

#include <cerrno>
#include <ctime>
#include <stdexcept>

namespace agent {

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw std::runtime_error("epoll_create1 failed");
  }
}

void EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
  auto entry = std::make_shared<Watch>(Watch{++last_serial_, std::move(handler)});
  epoll_event event{};
  event.events = events;
  event.data.u64 = entry->serial;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  fd_of_[entry->serial] = fd;
  watches_[fd] = std::move(entry);
}

void EventLoop::change(int fd, std::uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) {
    return;
  }
  epoll_event event{};
  event.events = events;
  event.data.u64 = found->second->serial;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::forget(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) {
    return;
  }
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  fd_of_.erase(found->second->serial);
  watches_.erase(found);
}

EventLoop::TimerId EventLoop::after(Clock::duration delay, Task task) {
  const TimerId id = ++last_serial_;
  timers_.emplace(Clock::now() + delay, std::pair{id, std::move(task)});
  return id;
}

void EventLoop::cancel(TimerId& timer) {
  if (timer != 0) {
    std::erase_if(timers_, [&](const auto& entry) { return entry.second.first == timer; });
    timer = 0;
  }
}

void EventLoop::defer(Task task) {
  deferred_.push_back(std::move(task));
}

void EventLoop::run_due_timers() {
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const Task task = std::move(timers_.begin()->second.second);
    timers_.erase(timers_.begin());
    task();
  }
}

void EventLoop::run_deferred() {
  while (!deferred_.empty()) {
    const auto tasks = std::exchange(deferred_, {});
    for (const auto& task : tasks) {
      task();
    }
  }
}

int EventLoop::wait(epoll_event* events, int count) {
  using namespace std::chrono;
  if (timers_.empty()) {
    return ::epoll_wait(epoll_.get(), events, count, -1);
  }
  const auto left = std::max(timers_.begin()->first - Clock::now(), Clock::duration::zero());
  const timespec timeout{duration_cast<seconds>(left).count(), (left % seconds(1)).count()};
  const int ready = ::epoll_pwait2(epoll_.get(), events, count, &timeout, nullptr);
  if (ready < 0 && errno == ENOSYS) {  // Linux before 5.11
    return ::epoll_wait(epoll_.get(), events, count, static_cast<int>(ceil<milliseconds>(left).count()));
  }
  return ready;
}

void EventLoop::run() {
  constexpr int kBatch = 64;
  epoll_event events[kBatch];
  while (!stopped_) {
    const int ready = wait(events, kBatch);
    for (int i = 0; i < ready; ++i) {
      const auto fd = fd_of_.find(events[i].data.u64);
      if (fd == fd_of_.end()) {
        continue;  // forgotten by a handler of this batch
      }
      const auto entry = watches_.at(fd->second);
      entry->handler(events[i].events);
      run_deferred();
    }
    run_due_timers();
    run_deferred();
  }
}

}  // namespace agent
