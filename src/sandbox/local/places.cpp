#include "sandbox/local/places.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sandbox/local/host.h"
#include "sandbox/local/subprocess.h"
#include "sandbox/spawner.h"

namespace sandbox::local {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kUserId = 1000;

base::Error failed(const std::string& what, const std::string& path, int error = errno) {
  return base::fail(Errc::start_failed, what + " " + path + ": " + std::strerror(error));
}

// Whole or not at all: without it the home's owner would be forgotten.
base::Result<void> write_record(const std::string& path, std::uint32_t index) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  file << index << '\n';
  file.close();
  if (!file || ::rename(fresh.c_str(), path.c_str()) != 0) return failed("cannot write", path);
  return {};
}

// The first digits of the text's SHA-256.
std::string short_hash(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (std::size_t i = 0; i < 6; ++i) {
    result += kDigits[digest[i] >> 4];
    result += kDigits[digest[i] & 15];
  }
  return result;
}

base::Result<void> make_folder(const std::string& path, mode_t mode, std::uint32_t owner = 0) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return failed("cannot make", path);
  UniqueFd folder(::open(path.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
  if (!folder || ::fchown(folder.get(), owner, owner) != 0 || ::fchmod(folder.get(), mode) != 0) {
    return failed("cannot set the owner of", path);
  }
  return {};
}

base::Result<void> link_to(const std::string& target, const std::string& link) {
  std::error_code error;
  if (fs::read_symlink(link, error) == target) return {};
  ::unlink(link.c_str());
  if (::symlink(target.c_str(), link.c_str()) != 0) return failed("cannot make the link", link);
  return {};
}

// Running sandboxes keep the copy that they started with.
base::Result<void> copy_agent(const std::string& from, const std::string& to) {
  std::error_code error;
  const bool same = fs::exists(to, error) && fs::file_size(to, error) == fs::file_size(from, error) &&
                    fs::last_write_time(to, error) == fs::last_write_time(from, error);
  if (same) return {};
  const std::string fresh = to + "." + std::to_string(::getpid());
  if (!fs::copy_file(from, fresh, fs::copy_options::overwrite_existing, error)) {
    return failed("cannot copy the agent to", fresh, error.value());
  }
  fs::last_write_time(fresh, fs::last_write_time(from, error), error);
  // Unreadable for the code: that makes its process undumpable.
  if (::chmod(fresh.c_str(), 0711) != 0 || ::rename(fresh.c_str(), to.c_str()) != 0) {
    return failed("cannot install the agent in", to);
  }
  return {};
}

// rm goes down any depth, follows no link and leaves no file system.
base::Result<void> remove_tree(const std::string& path) {
  const base::Result<CommandResult> result =
      run_command({"rm", "-rf", "--one-file-system", "--", path}, {.deadline = std::chrono::minutes(10)});
  if (!result) return result.error();
  if (!result->ok()) return base::fail(Errc::start_failed, "cannot remove " + path + ": " + result->complaint());
  return {};
}

}  // namespace

base::Result<Places> Places::prepare(const LocalOptions& options) {
  std::error_code error;
  const std::string data = fs::absolute(options.data_dir).lexically_normal().string();
  fs::create_directories(data, error);
  if (error) return failed("cannot make", data, error.value());
  const std::string canonical = fs::canonical(data, error).string();

  Places places;
  places.hash_ = short_hash(canonical);
  places.root_ = canonical + "/sandboxes";
  const std::string closed = unsearchable_folder(canonical);
  if (!closed.empty()) {
    places.root_ = std::string(kSearchableRoot) + "/" + places.hash_;
    fs::create_directories(kSearchableRoot, error);
    ::chmod(kSearchableRoot, 0755);
    if (base::Result<void> linked = link_to(places.root_, canonical + "/sandboxes"); !linked) return linked.error();
    options.log(base::LogLevel::info,
                "sandboxes may not enter " + closed + ": homes and journals are in " + places.root_);
  }
  for (const char* folder : {"", "/bin", "/homes", "/boxes", "/ids", "/trash"}) {
    if (base::Result<void> made = make_folder(places.root_ + folder, 0711); !made) return made.error();
  }
  if (base::Result<void> made = make_folder(places.runtime_root(), 0700); !made) return made.error();
  if (base::Result<void> copied = copy_agent(options.agent_path, places.agent()); !copied) return copied.error();
  return places;
}

std::vector<std::string> Places::names() const {
  std::vector<std::string> result;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root_ + "/boxes", error)) {
    if (entry.is_directory(error)) result.push_back(entry.path().filename().string());
  }
  return result;
}

base::Result<UniqueFd> Places::lock(std::string_view name) const {
  const std::string path = root_ + "/ids/" + std::string(name) + ".lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return failed("cannot open", path);
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed("cannot lock", path);
  }
  return file;
}

// The range whose claim was made and whose record was not, because a start ended or a disk was full in between.
base::Result<std::optional<std::uint32_t>> Places::claim_without_record(std::string_view name) const {
  const std::string folder = root_ + "/ids";
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code no_link;
    if (fs::read_symlink(entry->path(), no_link) != name) continue;
    const std::string number = entry->path().filename().string();
    std::uint32_t index = 0;
    const auto [end, bad] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (bad == std::errc() && end == number.data() + number.size()) return index;
  }
  if (error) return failed("cannot read", folder, error.value());
  return std::nullopt;
}

base::Result<std::uint32_t> Places::claim_ids(std::string_view name, std::uint32_t first) const {
  const std::string record = box(name) + "/ids";
  std::uint32_t index = 0;
  if (std::ifstream(record) >> index) return first + index * kIdsPerSandbox;
  const auto claimed = claim_without_record(name);
  if (!claimed) return claimed.error();
  if (*claimed) {
    if (base::Result<void> written = write_record(record, **claimed); !written) return written.error();
    return first + **claimed * kIdsPerSandbox;
  }

  // Data folders begin at different places, so that two of one machine hardly share ids.
  const std::uint32_t count = (UINT32_MAX - first) / kIdsPerSandbox;
  const std::uint32_t begin = static_cast<std::uint32_t>(std::stoul(hash_.substr(0, 7), nullptr, 16)) % count;
  for (std::uint32_t step = 0; step < count; ++step) {
    index = (begin + step) % count;
    const std::string claim = root_ + "/ids/" + std::to_string(index);
    if (::symlink(std::string(name).c_str(), claim.c_str()) != 0) {
      if (errno == EEXIST) continue;
      return failed("cannot write", claim);
    }
    if (base::Result<void> written = write_record(record, index); !written) {
      ::unlink(claim.c_str());
      return written.error();
    }
    return first + index * kIdsPerSandbox;
  }
  return base::fail(Errc::too_many, "no range of user ids is free for another sandbox: remove one");
}

base::Result<void> Places::make_home(std::string_view name, const std::string& rootfs, std::uint32_t first_id) const {
  const std::string path = home(name);
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) return {};
  const std::string fresh = root_ + "/trash/new-" + std::string(name);
  if (base::Result<void> cleared = remove_tree(fresh); !cleared) return cleared;
  if (base::Result<void> made = make_folder(fresh, 0700); !made) return made;
  if (fs::exists(rootfs + "/etc/skel", error)) {
    fs::copy(rootfs + "/etc/skel", fresh, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (error) return failed("cannot fill the home", fresh, error.value());
  }
  const uid_t owner = first_id + kUserId;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fresh, error)) {
    if (::lchown(entry.path().c_str(), owner, owner) != 0) return failed("cannot set the owner of", entry.path());
  }
  if (error) return failed("cannot read", fresh, error.value());
  if (::lchown(fresh.c_str(), owner, owner) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) {
    return failed("cannot make the home", path);
  }
  return {};
}

base::Result<std::uint32_t> Places::furnish(std::string_view name, const LocalOptions& options) const {
  if (base::Result<void> made = make_folder(box(name), 0711); !made) return made.error();
  const base::Result<std::uint32_t> first_id = claim_ids(name, options.first_host_id);
  if (!first_id) return first_id.error();
  if (base::Result<void> made = make_folder(run_dir(name), 0700, *first_id); !made) return made.error();
  if (base::Result<void> made = make_folder(journal(name), 0700, *first_id); !made) return made.error();
  if (base::Result<void> made = make_home(name, options.rootfs, *first_id); !made) return made.error();
  return first_id;
}

base::Result<void> Places::remove(std::string_view name) const {
  std::uint32_t index = 0;
  const bool has_ids = static_cast<bool>(std::ifstream(box(name) + "/ids") >> index);
  for (const std::string& path : {home(name), box(name)}) {
    const std::string trash = root_ + "/trash/old-" + std::string(name);
    if (base::Result<void> cleared = remove_tree(trash); !cleared) return cleared;
    if (::rename(path.c_str(), trash.c_str()) != 0 && errno != ENOENT) return failed("cannot remove", path);
    if (base::Result<void> cleared = remove_tree(trash); !cleared) return cleared;
  }
  if (has_ids) ::unlink((root_ + "/ids/" + std::to_string(index)).c_str());
  return {};
}

}  // namespace sandbox::local
