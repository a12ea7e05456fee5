#pragma once

// SandboxLinks: the one connection to each sandbox's agent, made when it is first asked for.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "sandbox/agent_link.h"
#include "sandbox/spawner.h"

namespace execution {

enum class IfStopped { start_it, fail };

// Thread-safe. Each sandbox's link lives on one of the executors: that of its first caller where it is one of them.
class SandboxLinks : public std::enable_shared_from_this<SandboxLinks> {
 public:
  using Link = std::shared_ptr<sandbox::AgentLink>;

  SandboxLinks(std::vector<boost::asio::any_io_executor> executors, std::shared_ptr<sandbox::Spawner> spawner,
               sandbox::Limits limits);
  ~SandboxLinks();  // closes the links

  // Many callers at once share one attempt and its outcome; each is told, on the link's executor, what it waits for.
  // The caller resumes on its own executor. An error is the spawner's or the link's.
  boost::asio::awaitable<base::Result<Link>> get(std::string sandbox, IfStopped if_stopped, sandbox::Progress progress);

 private:
  struct Place;
  struct Opening;

  std::shared_ptr<Place> place_of(const std::string& sandbox, const boost::asio::any_io_executor& caller);
  static boost::asio::awaitable<base::Result<Link>> open(std::shared_ptr<SandboxLinks> self,
                                                         std::shared_ptr<Place> place, IfStopped if_stopped,
                                                         sandbox::Progress progress);
  boost::asio::awaitable<base::Result<Link>> connect(std::shared_ptr<Place> place, IfStopped if_stopped);
  boost::asio::awaitable<base::Result<Link>> connect_once(std::shared_ptr<Place> place);

  std::vector<boost::asio::any_io_executor> executors_;
  std::shared_ptr<sandbox::Spawner> spawner_;
  sandbox::Limits limits_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Place>, std::less<>> places_;  // as many as accounts used their sandbox here
};

}  // namespace execution
