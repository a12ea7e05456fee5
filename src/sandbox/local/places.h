#pragma once

// Where the local spawner keeps things. All of it lies in one folder that every user may enter (not list), since a
// sandbox's ids are strangers to this machine.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/local/local_options.h"
#include "sandbox/local/unique_fd.h"

namespace sandbox::local {

// For homes and journals where the data folder cannot be entered.
inline constexpr const char* kSearchableRoot = "/var/lib/pyruntime-forge";

class Places {
 public:
  // Makes the folders and the agent's copy. Where the data folder cannot be entered, they go to
  // /var/lib/pyruntime-forge/HASH and a link `sandboxes` in the data folder leads there.
  static base::Result<Places> prepare(const LocalOptions& options);

  const std::string& root() const { return root_; }
  std::string agent() const { return root_ + "/bin/forge-agent"; }
  std::string runtime_root() const { return root_ + "/runtime"; }
  std::string home(std::string_view name) const { return under("homes", name); }
  std::string box(std::string_view name) const { return under("boxes", name); }
  std::string run_dir(std::string_view name) const { return box(name) + "/run"; }
  std::string journal(std::string_view name) const { return box(name) + "/journal"; }

  // Unique on this machine, also beside servers with other data folders.
  std::string container_id(std::string_view name) const { return "forge-" + hash_ + "-" + std::string(name); }

  std::vector<std::string> names() const;

  // Held while a sandbox is changed, against other servers of the same data folder. Blocks.
  base::Result<UniqueFd> lock(std::string_view name) const;

  // Makes the sandbox's folders and home where they are missing; gives the first of its host ids.
  base::Result<std::uint32_t> furnish(std::string_view name, const LocalOptions& options) const;

  // Removes home, journal and ids.
  base::Result<void> remove(std::string_view name) const;

 private:
  std::string under(const char* folder, std::string_view name) const {
    return root_ + "/" + folder + "/" + std::string(name);
  }
  base::Result<std::optional<std::uint32_t>> claim_without_record(std::string_view name) const;
  base::Result<std::uint32_t> claim_ids(std::string_view name, std::uint32_t first) const;
  base::Result<void> make_home(std::string_view name, const std::string& rootfs, std::uint32_t first_id) const;

  std::string root_;
  std::string hash_;
};

}  // namespace sandbox::local
