#pragma once

// Executions: all that this agent knows, those that run and those that ended, and the folder of their journals.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/execution.h"

namespace agent {

class Executions {
 public:
  struct Hooks {
    std::function<void(const std::string& id)> settled;
    std::function<void(const std::string& id)> output;
    std::function<void(const std::string& id)> ended;
    std::function<void()> kill_strays;
  };

  Executions(Execution::Tools tools, Hooks hooks);

  // Finds what an earlier agent left; what was open then has ended with it.
  void restore();

  std::shared_ptr<Execution> find(const std::string& id) const;
  // The caller has made sure that the id is new and that there is room.
  std::shared_ptr<Execution> start(const wire::Start& start);
  std::size_t running() const;

  const std::map<std::string, std::shared_ptr<Execution>>& all() const { return executions_; }

 private:
  std::shared_ptr<Execution> add(std::unique_ptr<Journal> journal, wire::ExecutionInfo info);
  void restore_one(const std::string& path);
  std::string path_of(const std::string& id) const;
  bool make_room(std::uint64_t bytes);
  std::unique_ptr<Journal> create_journal(const std::string& path, std::string& error);
  std::unique_ptr<Journal> take_journal(const std::string& id, std::string& error);
  void prepare_journal();
  std::string spare_path() const { return tools_.settings.journal_dir + "/spare"; }
  bool drop_oldest();
  void drop_excess();

  Execution::Tools tools_;
  Hooks hooks_;
  std::map<std::string, std::shared_ptr<Execution>> executions_;
  std::unique_ptr<Journal> spare_journal_;  // the next execution's, made ahead
};

bool is_execution_id(const std::string& id);

}  // namespace agent
