#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/local/local_options.h"
#include "sandbox/local/network_helper.h"
#include "sandbox/local/places.h"
#include "sandbox/spawner.h"

namespace sandbox::local {

// One sandbox's container. Every call blocks; the caller sees to it that one thing is done at a time.
class Container {
 public:
  Container(const Places& places, const LocalOptions& options, std::string runtime, std::string name)
      : places_(places), options_(options), runtime_(std::move(runtime)), name_(std::move(name)) {}

  bool answers() const;
  // Starts it where it does not answer; returns when it does.
  base::Result<void> start(const Limits& limits, const Progress& progress);
  // Ends it, first by TERM, and leaves nothing of it but its folders.
  base::Result<void> stop();

 private:
  base::Result<std::string> runtime(std::vector<std::string> arguments);
  bool is_known() const;
  base::Result<void> clear();
  base::Result<void> write_bundle(const Limits& limits, bool with_network);
  base::Result<void> launch(bool with_network, const Progress& progress);
  base::Result<void> create(int stdin_fd, int log_fd);
  bool open_network(int pid, NetworkHelper::Leash& leash, const Progress& progress);
  void no_network(const base::Error& why, const Progress& progress);
  base::Result<void> await_agent(int pid);
  int process_id() const;
  std::string last_words() const;
  std::string network_log() const { return places_.box(name_) + "/network.log"; }

  const Places& places_;
  const LocalOptions& options_;
  std::string runtime_;
  std::string name_;
  std::uint64_t oom_kills_before_ = 0;  // in the container that was cleared
};

}  // namespace sandbox::local
