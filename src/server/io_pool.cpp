#include "server/io_pool.h"

namespace server {

IoPool::IoPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
    guards_.emplace_back(contexts_.back()->get_executor());
  }
}

IoPool::~IoPool() {
  stop();
}

std::vector<boost::asio::any_io_executor> IoPool::executors() const {
  std::vector<boost::asio::any_io_executor> out;
  for (const auto& context : contexts_) out.emplace_back(context->get_executor());
  return out;
}

void IoPool::start() {
  for (const auto& context : contexts_) threads_.emplace_back([io = context.get()] { io->run(); });
}

void IoPool::stop() {
  for (auto& guard : guards_) guard.reset();
  for (const auto& context : contexts_) context->stop();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

}  // namespace server
