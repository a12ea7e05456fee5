#include "agent/executions.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "agent/limits.h"
#include "agent/log.h"

namespace agent {
namespace {

constexpr const char* kSuffix = ".journal";

std::int64_t unix_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

bool is_execution_id(const std::string& id) {
  return !id.empty() && id.size() <= kIdBytesMax && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Executions::Executions(Execution::Tools tools, Hooks hooks) : tools_(tools), hooks_(std::move(hooks)) {}

std::string Executions::path_of(const std::string& id) const {
  return tools_.settings.journal_dir + "/" + id + kSuffix;
}

std::shared_ptr<Execution> Executions::add(std::unique_ptr<Journal> journal, wire::ExecutionInfo info) {
  const std::string id = info.id();
  Execution::Hooks hooks;
  hooks.settled = [this, id] { hooks_.settled(id); };
  hooks.output = [this, id] { hooks_.output(id); };
  hooks.ended = [this, id] {
    hooks_.ended(id);
    drop_excess();
    prepare_journal();
  };
  hooks.kill_strays = hooks_.kill_strays;
  auto execution = std::make_shared<Execution>(tools_, std::move(journal), std::move(info), std::move(hooks));
  executions_[id] = execution;
  return execution;
}

void Executions::restore() {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(tools_.settings.journal_dir, failed)) {
    if (entry.path().extension() == kSuffix) {
      restore_one(entry.path());
    }
  }
  drop_excess();
  make_room(0);
  prepare_journal();
}

void Executions::restore_one(const std::string& path) {
  std::string error;
  auto journal = Journal::open(path, error);
  wire::ExecutionInfo info;
  std::uint64_t oom_kills_then = 0;
  if (journal && (!journal->load(info, oom_kills_then) || path_of(info.id()) != path)) {
    error = "its contents are damaged";
    journal.reset();
  }
  if (!journal) {
    log_line("the journal " + path + " is removed: " + error);
    std::filesystem::remove(path);
    return;
  }
  if (info.status() == wire::STARTING || info.status() == wire::RUNNING) {
    const std::uint64_t oom_kills = std::max(tools_.memory.oom_kills().value_or(0), tools_.settings.oom_kills_before);
    const bool for_memory = oom_kills > oom_kills_then;
    info.set_status(for_memory ? wire::OUT_OF_MEMORY : wire::SANDBOX_LOST);
    info.set_reason(for_memory ? out_of_memory_reason(tools_.settings.memory_bytes_max) : "the sandbox ended under it");
    info.set_input_closed(true);
    journal->store(info, oom_kills_then);
  }
  journal->settle();
  add(std::move(journal), std::move(info));
}

std::shared_ptr<Execution> Executions::find(const std::string& id) const {
  const auto found = executions_.find(id);
  return found == executions_.end() ? nullptr : found->second;
}

std::size_t Executions::running() const {
  return static_cast<std::size_t>(
      std::count_if(executions_.begin(), executions_.end(), [](const auto& entry) { return !entry.second->ended(); }));
}

bool Executions::drop_oldest() {
  auto oldest = executions_.end();
  for (auto entry = executions_.begin(); entry != executions_.end(); ++entry) {
    const bool may_go = entry->second->ended() && !entry->second->has_readers();
    if (may_go &&
        (oldest == executions_.end() || entry->second->started_unix_us() < oldest->second->started_unix_us())) {
      oldest = entry;
    }
  }
  if (oldest == executions_.end()) {
    return false;
  }
  std::error_code ignored;
  std::filesystem::remove(path_of(oldest->first), ignored);
  executions_.erase(oldest);
  return true;
}

// When a run has ended, since giving back a journal's blocks takes longer than starting a run.
void Executions::drop_excess() {
  while (executions_.size() - running() > kExecutionsFinishedMax && drop_oldest()) {
  }
}

bool Executions::make_room(std::uint64_t bytes) {
  for (;;) {
    std::uint64_t used = bytes + (spare_journal_ ? spare_journal_->disk_bytes() : 0);
    for (const auto& [id, execution] : executions_) {
      used += execution->journal().disk_bytes();
    }
    if (used <= tools_.settings.journals_bytes_max) {
      return true;
    }
    if (!drop_oldest()) {
      return false;
    }
  }
}

std::unique_ptr<Journal> Executions::create_journal(const std::string& path, std::string& error) {
  return Journal::create(
      path, tools_.settings.journal_bytes_max, [this](std::uint64_t bytes) { return make_room(bytes); }, error);
}

void Executions::prepare_journal() {
  if (!spare_journal_) {
    std::error_code ignored;
    std::filesystem::remove(spare_path(), ignored);  // an earlier agent's
    std::string error;
    spare_journal_ = create_journal(spare_path(), error);
    if (spare_journal_) {
      spare_journal_->warm_up();
    }
  }
}

std::unique_ptr<Journal> Executions::take_journal(const std::string& id, std::string& error) {
  auto journal = std::exchange(spare_journal_, nullptr);
  if (journal && ::rename(spare_path().c_str(), path_of(id).c_str()) == 0) {
    return journal;
  }
  return create_journal(path_of(id), error);
}

std::shared_ptr<Execution> Executions::start(const wire::Start& start) {
  std::string error;
  auto journal = take_journal(start.id(), error);
  if (!journal) {
    log_line("the output of " + start.id() + " is kept in memory: " + error);
    journal = Journal::in_memory(kJournalMemoryBytes);
  }
  if (!journal) {
    return nullptr;
  }
  wire::ExecutionInfo info;
  info.set_id(start.id());
  info.set_status(wire::STARTING);
  info.set_started_unix_us(unix_us());
  *info.mutable_labels() = start.labels();
  const auto execution = add(std::move(journal), std::move(info));
  const auto own = milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(start.time_limit_ms(), INT32_MAX)));
  const auto sandbox = tools_.settings.run_time_max;
  const bool take_own = own.count() > 0 && (sandbox.count() == 0 || own < sandbox);
  execution->start(start.code(), take_own ? own : sandbox);
  return execution;
}

}  // namespace agent
