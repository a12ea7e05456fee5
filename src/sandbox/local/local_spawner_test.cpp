// Runs real containers: as root, with the image that FORGE_TEST_ROOTFS names (./dev test sets it).

#include "sandbox/local/local_spawner.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "base/run_to_end.h"
#include "contract/spawner_contract.h"
#include "sandbox/local/network_helper.h"
#include "sandbox/local/subprocess.h"

namespace sandbox::local {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

std::string rootfs() {
  const char* path = std::getenv("FORGE_TEST_ROOTFS");
  if (path == nullptr) {
    ADD_FAILURE() << "FORGE_TEST_ROOTFS must name the sandbox image: run ./dev test, or make one with "
                     "deploy/image/build.sh DIR and set it to DIR/rootfs";
    return "/nonexistent";
  }
  return path;
}

// A data folder of its own; whatever a test did, nothing of it is left.
class Ground {
 public:
  Ground() {
    const char* parent = std::getenv("FORGE_LOCAL_TEST_DIR");  // emptied by whoever set it, where a test is killed
    std::string pattern = std::string(parent == nullptr ? "/var/tmp" : parent) + "/forge-local-test-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ::chmod(folder_.c_str(), 0755);
  }
  ~Ground() {
    LocalSpawner spawner(options());
    const auto boxes = base::run_to_end(spawner.list());
    EXPECT_TRUE(boxes.has_value());
    if (boxes) {
      for (const SandboxInfo& info : *boxes) EXPECT_TRUE(base::run_to_end(spawner.remove(info.name)).has_value());
    }
    std::error_code none;
    const fs::path elsewhere = fs::read_symlink(options().data_dir + "/sandboxes", none);
    if (!none) fs::remove_all(elsewhere);
    fs::remove_all(folder_);
  }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  LocalOptions options() const {
    LocalOptions options;
    options.data_dir = folder_ + data_;
    options.rootfs = rootfs();
    options.agent_path = FORGE_STANDIN_AGENT;
    options.network = Network::none;
    return options;
  }
  LocalOptions connected_options() const {
    LocalOptions connected = options();
    connected.network = Network::internet;
    return connected;
  }
  const std::string& folder() const { return folder_; }

  // So that no socket's address holds the path.
  void lengthen_path() { data_ += std::string(200, 'x'); }
  // As a checkout below a home of mode 0700.
  void close_to_others() { ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0); }

 private:
  std::string folder_, data_ = "/data";
};

// A spawner of the contract's suite, with its ground.
class GroundedSpawner final : public Spawner {
 public:
  asio::awaitable<base::Result<void>> start(SandboxSpec spec, Progress progress) override {
    return spawner_.start(std::move(spec), std::move(progress));
  }
  asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> connect(std::string name) override {
    return spawner_.connect(std::move(name));
  }
  asio::awaitable<base::Result<void>> stop(std::string name) override { return spawner_.stop(std::move(name)); }
  asio::awaitable<base::Result<void>> remove(std::string name) override { return spawner_.remove(std::move(name)); }
  asio::awaitable<base::Result<std::vector<SandboxInfo>>> list() override { return spawner_.list(); }

 private:
  Ground ground_;
  LocalSpawner spawner_{ground_.options()};
};

asio::awaitable<std::string> ask(Spawner& spawner, std::string name, std::string line) {
  auto stream = co_await spawner.connect(std::move(name));
  if (!stream) co_return "cannot connect: " + stream.error().message();
  line += '\n';
  const asio::const_buffer buffer = asio::buffer(line);
  if (!co_await (*stream)->write({&buffer, 1})) co_return "cannot write";
  std::string answer;
  for (std::array<char, 4096> part{};;) {
    const auto count = co_await (*stream)->read_some(asio::buffer(part));
    if (!count) co_return answer;
    answer.append(part.data(), *count);
  }
}

class LocalSpawnerTest : public testing::Test {
 protected:
  void begin(const std::string& name, Limits limits = {}) {
    const auto started = base::run_to_end(spawner_.start({name, limits}, [](std::string_view) {}));
    ASSERT_TRUE(started.has_value()) << started.error().message();
  }
  // What a shell in the sandbox says, the last line being its exit code.
  std::string user(const std::string& command, const std::string& name = "alice") {
    return base::run_to_end(ask(spawner_, name, "user " + command));
  }
  void put(const std::string& file, const std::string& text) {
    std::ofstream(ground_.folder() + "/data/sandboxes/homes/alice/" + file) << text;
  }
  std::string agent(const std::string& command, const std::string& name = "alice") {
    return base::run_to_end(ask(spawner_, name, "agent " + command));
  }

  Ground ground_;
  LocalSpawner spawner_{ground_.options()};
};

using testing::HasSubstr;
using testing::Not;

TEST(Places, KeepASandboxesIdsWhoseRecordWasNeverWritten) {
  const Ground ground;
  const base::Result<Places> places = Places::prepare(ground.options());
  ASSERT_TRUE(places.has_value());
  const auto other = places->furnish("bob", ground.options());
  const auto first = places->furnish("alice", ground.options());
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(places->remove("bob").has_value());  // so that a range is free ahead of alice's
  ASSERT_TRUE(fs::remove(places->box("alice") + "/ids"));
  EXPECT_EQ(places->furnish("alice", ground.options()).value(), *first);
  EXPECT_EQ(places->furnish("bob", ground.options()).value(), *other);
}

TEST(Places, ClaimNoIdsOnAFullDiskAndKeepThoseThatAHomeHas) {
  const Ground ground;
  const base::Result<Places> places = Places::prepare(ground.options());
  ASSERT_TRUE(places.has_value());
  const std::string box = places->box("alice"), ids = places->root() + "/ids";
  fs::create_directory(box);
  fs::create_symlink("/dev/full", box + "/ids.new");
  const auto refused = places->furnish("alice", ground.options());
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().detail, HasSubstr("No space left"));
  EXPECT_TRUE(fs::is_empty(ids));
  EXPECT_FALSE(fs::exists(places->home("alice")));

  fs::remove(box + "/ids.new");
  const auto first = places->furnish("alice", ground.options());
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(fs::remove(box + "/ids"));
  fs::create_symlink("/dev/full", box + "/ids.new");
  EXPECT_FALSE(places->furnish("alice", ground.options()).has_value());
  fs::remove(box + "/ids.new");
  EXPECT_EQ(places->furnish("alice", ground.options()).value(), *first);
}

TEST(Places, MakeNoHomeThatLacksAFileOfTheSkeleton) {
  const Ground ground;
  const base::Result<Places> places = Places::prepare(ground.options());
  ASSERT_TRUE(places.has_value());
  LocalOptions options = ground.options();
  options.rootfs = ground.folder() + "/rootfs";
  fs::create_directories(options.rootfs + "/etc/skel");
  ASSERT_EQ(::mkfifo((options.rootfs + "/etc/skel/pipe").c_str(), 0600), 0);  // a copy of that is not implemented
  EXPECT_FALSE(places->furnish("alice", options).has_value());
  EXPECT_FALSE(fs::exists(places->home("alice")));
  fs::remove(options.rootfs + "/etc/skel/pipe");
  EXPECT_TRUE(places->furnish("alice", options).has_value());
  EXPECT_TRUE(fs::exists(places->home("alice")));
}

bool container_processes_exist(const Ground& ground) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "mountinfo");
    std::ostringstream text;
    text << file.rdbuf();
    if (text.str().find(ground.folder()) != std::string::npos) return true;
  }
  return false;
}

TEST_F(LocalSpawnerTest, RunsPythonWithItsPackagesAsTheUser) {
  begin("alice");
  EXPECT_EQ(user("python -c 'import os, pandas; print(os.getuid(), os.getcwd(), os.uname().nodename)'"),
            "1000 /home/user alice\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, GivesTheCodeNoCapability) {
  begin("alice");
  EXPECT_EQ(user("grep -c '^Cap...:.0000000000000000$' /proc/self/status"), "5\n\nexit 0\n");
  EXPECT_EQ(user("grep -c '^NoNewPrivs:.1$' /proc/self/status"), "1\n\nexit 0\n");
  EXPECT_EQ(user("grep '^Seccomp:' /proc/self/status"), "Seccomp:\t2\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, HasAReadOnlyRootAndAHomeThatIsNot) {
  begin("alice");
  EXPECT_THAT(agent("touch /usr/x"), HasSubstr("Read-only"));
  EXPECT_EQ(user("touch /home/user/x /tmp/x /dev/shm/x && echo fine").substr(0, 5), "fine\n");
  EXPECT_THAT(user("touch /.forge/run/x"), HasSubstr("Permission denied"));
  EXPECT_THAT(user("ls /.forge/journal"), HasSubstr("Permission denied"));
}

TEST_F(LocalSpawnerTest, KeepsFilesOverStopAndStart) {
  begin("alice");
  EXPECT_EQ(user("echo 10200 > /home/user/sum"), "\nexit 0\n");
  ASSERT_TRUE(base::run_to_end(spawner_.stop("alice")).has_value());
  EXPECT_FALSE(container_processes_exist(ground_));
  begin("alice");
  EXPECT_EQ(user("cat /home/user/sum"), "10200\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, HidesSandboxesFromOneAnother) {
  begin("alice");
  begin("bob");
  EXPECT_EQ(user("echo secret > /home/user/alices-file"), "\nexit 0\n");
  EXPECT_THAT(user("ls -A /home /home/user", "bob"), Not(HasSubstr("alices-file")));
  EXPECT_EQ(user("sleep 60 > /dev/null 2>&1 &"), "\nexit 0\n");
  EXPECT_THAT(user("ps ax"), HasSubstr("sleep"));
  EXPECT_THAT(user("ps ax", "bob"), Not(HasSubstr("sleep")));
  const std::string alices = agent("cat /proc/self/uid_map"), bobs = agent("cat /proc/self/uid_map", "bob");
  EXPECT_THAT(alices, HasSubstr("65536"));
  EXPECT_NE(alices, bobs);
}

TEST_F(LocalSpawnerTest, ShowsNothingOfTheHost) {
  begin("alice");
  EXPECT_THAT(user("cat /proc/self/mountinfo; ls /sys /"), Not(HasSubstr("firmware")));
  EXPECT_EQ(user("test -e " + ground_.folder() + " || echo hidden"), "hidden\n\nexit 0\n");
  EXPECT_THAT(user("ls /dev"), Not(HasSubstr("vda")));
  EXPECT_EQ(user("cat /proc/1/environ; echo $?").substr(0, 3), "cat");
  EXPECT_EQ(user("python -c 'import socket; print([i[1] for i in socket.if_nameindex()])'"), "['lo']\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, RefusesDangerousSystemCalls) {
  begin("alice");
  EXPECT_THAT(user("unshare -U true"), HasSubstr("not permitted"));
  EXPECT_THAT(agent("mount -t tmpfs x /tmp"),
              testing::AnyOf(HasSubstr("not permitted"), HasSubstr("permission denied")));
  // keyctl, bpf, perf_event_open, userfaultfd, io_uring_setup, ptrace, open_by_handle_at
  const std::string probe =
      "python -c 'import ctypes; c = ctypes.CDLL(None, use_errno=True); "
      "print([(c.syscall(n, 0, 0, 0, 0, 0), ctypes.get_errno()) for n in (250, 321, 298, 323, 425, 101, 304)])'";
  EXPECT_EQ(user(probe), "[(-1, 1), (-1, 1), (-1, 1), (-1, 1), (-1, 1), (-1, 1), (-1, 1)]\n\nexit 0\n");
  EXPECT_EQ(user("python -c 'import threading, multiprocessing as m; t = threading.Thread(target=print, args=(1,)); "
                 "t.start(); t.join(); print(m.Pool(2).map(abs, [-1, -2]))'"),
            "1\n[1, 2]\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, KillsWhatTakesMoreMemoryThanItMay) {
  begin("alice", {.memory_bytes_max = 200 << 20});
  EXPECT_THAT(user("python -c 'x = b\"x\" * (150 << 20); print(len(x))'"), HasSubstr("exit 0"));
  EXPECT_THAT(user("python -c 'x = b\"x\" * (400 << 20); print(len(x))'"), HasSubstr("exit 137"));
}

TEST_F(LocalSpawnerTest, LeavesMemoryToRunsWhenAllMemoryThatOutlastsARunIsTaken) {
  begin("alice", {.memory_bytes_max = 200 << 20});
  EXPECT_THAT(user("head -c 200M /dev/zero > /tmp/x"), HasSubstr("No space left"));
  EXPECT_THAT(user("head -c 200M /dev/zero > /dev/shm/x"), HasSubstr("No space left"));
  EXPECT_EQ(user("stat -c %s /tmp/x /dev/shm/x"), "52428800\n52428800\n\nexit 0\n");
  put("segments.py", R"(
import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
c.shmat.restype, c.shmat.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
for size in (26 << 20, 25 << 20, 4096):
    segment = c.shmget(0, ctypes.c_size_t(size), 0o600)
    print(size >> 20, os.strerror(ctypes.get_errno()) if segment < 0 else 'made')
    if segment >= 0:
        ctypes.memset(c.shmat(segment, None, 0), 1, size)
)");
  EXPECT_EQ(user("python segments.py"), "26 Invalid argument\n25 made\n0 No space left on device\n\nexit 0\n");
  EXPECT_THAT(user("python -c 'x = b\"x\" * (50 << 20); print(len(x))'"), HasSubstr("exit 0"));
}

TEST_F(LocalSpawnerTest, LimitsProcesses) {
  begin("alice", {.processes_max = 20});
  EXPECT_THAT(user("for i in $(seq 40); do sleep 5 > /dev/null 2>&1 & done"), HasSubstr("fork"));
}

TEST_F(LocalSpawnerTest, LetsTheAgentReadItsMemoryCounters) {
  begin("alice");
  EXPECT_THAT(agent("cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"),
              HasSubstr("1073741824"));
}

TEST_F(LocalSpawnerTest, IsFoundByTheNextServer) {
  begin("alice");
  const std::string boot = agent("cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1; ls -id /proc/1/ns/pid");
  LocalSpawner next(ground_.options());
  EXPECT_EQ(base::run_to_end(next.list()).value().at(0).state, State::running);
  ASSERT_TRUE(base::run_to_end(next.start({"alice", {}}, {})).has_value());
  EXPECT_EQ(base::run_to_end(ask(next, "alice",
                                 "agent cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1; "
                                 "ls -id /proc/1/ns/pid")),
            boot);
  ASSERT_TRUE(base::run_to_end(next.stop("alice")).has_value());
  EXPECT_EQ(base::run_to_end(spawner_.list()).value().at(0).state, State::stopped);
}

TEST_F(LocalSpawnerTest, IsNotAChildOfTheServer) {
  begin("alice");
  std::ifstream file(ground_.folder() + "/data/sandboxes/boxes/alice/pid");
  int pid = 0;
  ASSERT_TRUE(file >> pid);
  EXPECT_NE(::getsid(pid), ::getsid(0));
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  int parent = 0;
  stat >> word >> word >> word >> parent;
  EXPECT_NE(parent, ::getpid());
}

TEST_F(LocalSpawnerTest, StartsAgainAfterItsContainerWasKilled) {
  begin("alice");
  std::ifstream file(ground_.folder() + "/data/sandboxes/boxes/alice/pid");
  int pid = 0;
  ASSERT_TRUE(file >> pid);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  while (base::run_to_end(spawner_.list()).value().at(0).state == State::running) ::usleep(1000);
  begin("alice");
  EXPECT_EQ(user("echo back"), "back\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, TellsTheNextAgentHowOftenTheOneBeforeRanOutOfMemory) {
  const auto told = [&] { return agent("tr '\\0' ' ' < /proc/1/cmdline | grep -o -e '--oom-kills-before [0-9]*'"); };
  const auto kill_container = [&] {
    std::ifstream file(ground_.folder() + "/data/sandboxes/boxes/alice/pid");
    int pid = 0;
    ASSERT_TRUE(file >> pid);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    while (base::run_to_end(spawner_.list()).value().at(0).state == State::running) ::usleep(1000);
  };
  begin("alice", {.memory_bytes_max = 100 << 20});
  EXPECT_EQ(told(), "--oom-kills-before 0\n\nexit 0\n");
  EXPECT_THAT(user("python -c 'x = b\"x\" * (200 << 20)'"), HasSubstr("exit 137"));
  kill_container();
  begin("alice");
  EXPECT_EQ(told(), "--oom-kills-before 1\n\nexit 0\n");
  kill_container();
  begin("alice");
  EXPECT_EQ(told(), "--oom-kills-before 0\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, RemovesHomesWithLinksAndDepthAndNothingElse) {
  begin("alice");
  const std::string outside = ground_.folder() + "/precious";
  std::ofstream(outside) << "kept";
  put("deep.py", "import os\nfor i in range(3000): os.mkdir('d'); os.chdir('d')\n");
  EXPECT_EQ(user("ln -s / root; ln -s " + ground_.folder() + " host; chmod 0 .cache; python deep.py"), "\nexit 0\n");
  ASSERT_TRUE(base::run_to_end(spawner_.remove("alice")).has_value());
  EXPECT_TRUE(fs::exists(outside));
  EXPECT_FALSE(fs::exists(ground_.folder() + "/data/sandboxes/homes/alice"));
}

TEST_F(LocalSpawnerTest, LivesBelowAFolderThatOthersMayNotEnter) {
  ground_.lengthen_path();
  ground_.close_to_others();
  std::string logged;
  LocalOptions options = ground_.options();
  options.log = [&](base::LogLevel, std::string_view line) { logged += line; };
  LocalSpawner closed(options);
  const auto started = base::run_to_end(closed.start({"alice", {}}, {}));
  ASSERT_TRUE(started.has_value()) << started.error().message();
  EXPECT_EQ(base::run_to_end(ask(closed, "alice", "user echo in")), "in\n\nexit 0\n");
  EXPECT_THAT(logged, HasSubstr(fs::read_symlink(options.data_dir + "/sandboxes").string()));
}

TEST_F(LocalSpawnerTest, ReachesThroughALongPath) {
  ground_.lengthen_path();
  LocalSpawner deep(ground_.options());
  ASSERT_TRUE(base::run_to_end(deep.start({"alice", {}}, {})).has_value());
  EXPECT_EQ(base::run_to_end(ask(deep, "alice", "user echo in")), "in\n\nexit 0\n");
  EXPECT_TRUE(base::run_to_end(deep.remove("alice")).has_value());
}

TEST_F(LocalSpawnerTest, TakesAnImageThatALinkLeadsTo) {
  LocalOptions options = ground_.options();
  options.rootfs = ground_.folder() + "/current";
  fs::create_symlink(rootfs(), options.rootfs);
  LocalSpawner linked(options);
  const auto started = base::run_to_end(linked.start({"alice", {}}, {}));
  ASSERT_TRUE(started.has_value()) << started.error().message();
  EXPECT_EQ(base::run_to_end(ask(linked, "alice", "user echo in")), "in\n\nexit 0\n");
}

TEST_F(LocalSpawnerTest, SaysWhatIsMissing) {
  const auto complaint = [&](auto change) {
    LocalOptions options = ground_.options();
    change(options);
    LocalSpawner lacking(options);
    const auto started = base::run_to_end(lacking.start({"alice", {}}, {}));
    EXPECT_FALSE(started.has_value());
    EXPECT_EQ(started.error().code, Errc::unavailable);
    return started.error().detail;
  };
  EXPECT_THAT(complaint([](LocalOptions& options) { options.rootfs = "/nowhere/rootfs"; }),
              HasSubstr("deploy/image/build.sh /nowhere"));
  EXPECT_THAT(complaint([](LocalOptions& options) { options.runtime = "no-such-runtime"; }),
              HasSubstr("no-such-runtime is not installed"));
  EXPECT_THAT(complaint([](LocalOptions& options) { options.agent_path = "/nowhere/agent"; }),
              HasSubstr("forge-agent"));
  EXPECT_THAT(complaint([](LocalOptions& options) {
                options.network = Network::internet;
                options.network_allow = {"everything"};
              }),
              HasSubstr("\"everything\" is not a network"));
}

TEST_F(LocalSpawnerTest, ShowsWhatTheAgentSaidBeforeItFailed) {
  LocalOptions options = ground_.options();
  options.agent_path = "/bin/false";
  LocalSpawner broken(options);
  const auto started = base::run_to_end(broken.start({"alice", {}}, {}));
  ASSERT_FALSE(started.has_value());
  EXPECT_THAT(started.error().detail, HasSubstr("the agent ended"));
  EXPECT_FALSE(container_processes_exist(ground_));
}

TEST_F(LocalSpawnerTest, OpensTheInternetAndNothingNearer) {
  LocalOptions options = ground_.connected_options();
  options.network_allow = {"10.99.0.0/16"};
  LocalSpawner connected(options);
  std::string told;
  const auto started = base::run_to_end(
      connected.start({"alice", {}}, [&](std::string_view line) { told += std::string(line) + "\n"; }));
  ASSERT_TRUE(started.has_value()) << started.error().message();
  ASSERT_EQ(told, "starting the container\n");
  // Closed addresses answer at once, others not at all or by themselves.
  put("probe.py", R"(
import errno, socket
for host in ('10.0.2.2', '192.168.1.1', '169.254.169.254', '172.17.0.1', '100.64.0.1', '10.99.0.1'):
    s = socket.socket()
    s.settimeout(0.2)
    try:
        s.connect((host, 80))
        print(host, 'open')
    except OSError as error:
        print(host, 'closed' if error.errno in (errno.EHOSTUNREACH, errno.EACCES) else error)
)");
  const std::string answer = base::run_to_end(ask(connected, "alice", "user python probe.py"));
  for (const char* host : {"10.0.2.2", "192.168.1.1", "169.254.169.254", "172.17.0.1", "100.64.0.1"}) {
    EXPECT_THAT(answer, HasSubstr(std::string(host) + " closed"));
  }
  EXPECT_THAT(answer, Not(HasSubstr("10.99.0.1 closed")));
}

// A machine of its own, as far as the network goes: the calling thread's and that of all that it starts.
void enter_machine_with_address(in_addr_t address) {
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << std::strerror(errno);
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in internet{};
  internet.sin_family = AF_INET;
  internet.sin_addr.s_addr = address;
  for (const std::string name : {"lo", "lo:1"}) {
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (name == "lo:1") {
      std::memcpy(&request.ifr_addr, &internet, sizeof internet);
      ASSERT_EQ(::ioctl(control.get(), SIOCSIFADDR, &request), 0) << std::strerror(errno);
    }
    request.ifr_flags = IFF_UP;
    ASSERT_EQ(::ioctl(control.get(), SIOCSIFFLAGS, &request), 0) << std::strerror(errno);
  }
}

TEST_F(LocalSpawnerTest, DoesNotReachThisMachinesOwnAddressesUnlessAllowed) {
  constexpr const char* kConnect =
      "python -c 'import socket; socket.create_connection((\"11.99.0.1\", 8000), 5)' 2>&1 | tail -n 1";
  const auto connect_from = [&](const LocalOptions& options) {
    LocalSpawner connected(options);
    std::string told;
    const auto started = base::run_to_end(
        connected.start({"alice", {}}, [&](std::string_view line) { told += std::string(line) + "\n"; }));
    EXPECT_TRUE(started.has_value()) << started.error().message();
    EXPECT_EQ(told, "starting the container\n");
    std::string answer = base::run_to_end(ask(connected, "alice", std::string("user ") + kConnect));
    EXPECT_TRUE(base::run_to_end(connected.stop("alice")).has_value());
    return answer;
  };
  std::thread machine([&] {
    sockaddr_in address{};  // a public one; out there it is not reached from here
    address.sin_family = AF_INET;
    address.sin_port = htons(8000);
    address.sin_addr.s_addr = htonl(0x0b630001);
    enter_machine_with_address(address.sin_addr.s_addr);
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 8), 0);

    EXPECT_THAT(connect_from(ground_.connected_options()), HasSubstr("No route to host"));
    LocalOptions allowed = ground_.connected_options();
    allowed.network_allow = {"11.99.0.1"};
    EXPECT_EQ(connect_from(allowed), "\nexit 0\n");
  });
  machine.join();
}

// What is found as `name` in PATH until this ends.
class ProgramInPath {
 public:
  ProgramInPath(const Ground& ground, const std::string& name, const std::string& script)
      : before_(std::getenv("PATH")) {
    const std::string folder = ground.folder() + "/bin";
    fs::create_directory(folder);
    std::ofstream(folder + "/" + name) << "#!/bin/sh\n" << script << "\n";
    ::chmod((folder + "/" + name).c_str(), 0755);
    ::setenv("PATH", (folder + ":" + before_).c_str(), 1);
  }
  ~ProgramInPath() { ::setenv("PATH", before_.c_str(), 1); }
  ProgramInPath(const ProgramInPath&) = delete;
  ProgramInPath& operator=(const ProgramInPath&) = delete;

 private:
  std::string before_;
};

TEST_F(LocalSpawnerTest, SaysWhyTheNetworkHelperEndedAndStartsWithoutIt) {
  const ProgramInPath broken(ground_, "slirp4netns", "echo no more taps >&2; exit 1");
  LocalSpawner unconnected(ground_.connected_options());
  std::string told;
  const auto started = base::run_to_end(
      unconnected.start({"alice", {}}, [&](std::string_view line) { told += std::string(line) + "\n"; }));
  ASSERT_TRUE(started.has_value()) << started.error().message();
  EXPECT_THAT(told, HasSubstr("no network in this sandbox: slirp4netns ended at once: no more taps\n"));
  EXPECT_EQ(base::run_to_end(ask(unconnected, "alice", "user echo in")), "in\n\nexit 0\n");
}

TEST(NetworkHelper, IsNotAwaitedForever) {
  const base::Result<NetworkHelper::Leash> leash = NetworkHelper::make_leash();
  ASSERT_TRUE(leash.has_value());
  const base::Result<void> ready = NetworkHelper::await_ready(*leash, std::chrono::milliseconds(20));
  ASSERT_FALSE(ready.has_value());
  EXPECT_EQ(ready.error().code, Errc::timeout);
}

}  // namespace
}  // namespace sandbox::local

namespace sandbox {
INSTANTIATE_TEST_SUITE_P(Local, SpawnerContract,
                         testing::Values(SpawnerMaker{"local",
                                                      [] { return std::make_shared<local::GroundedSpawner>(); }}));
}  // namespace sandbox
