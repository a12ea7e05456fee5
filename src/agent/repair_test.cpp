// What a run does to its own sandbox must not cost its account the next run.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "agent/agent_test_client.h"

namespace agent {
namespace {

class RepairTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    const std::string path = agent_.home() + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  // The spare that waits was made before; what comes after it sees what was done.
  void expect_runs() {
    for (const std::string id : {"next1", "next2", "next3"}) {
      const auto seen = run(client_, id, "print('well')");
      EXPECT_EQ(seen.out, "well\n") << id << ": " << seen.info.reason() << seen.err;
    }
  }

  AgentProcess agent_;
  Client client_{agent_.socket()};
};

constexpr const char* kForkServer =
    "import os, signal\n"
    "def parent(pid): return int(open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1])\n"
    "fork_server = parent(os.getppid())\n";

TEST_F(RepairTest, StopsARunWhoseMainThreadHasEnded) {
  client_.start("headless",
                "import ctypes, threading, time\n"
                "threading.Thread(target=lambda: time.sleep(600)).start()\n"
                "print('ready', flush=True)\n"
                "ctypes.CDLL(None).syscall(60, 0)");
  const auto attachment = client_.attach("headless");
  EXPECT_EQ(client_.read_until(attachment, "\n"), "ready\n");
  client_.stop("headless");
  EXPECT_EQ(client_.read_to_end(attachment, 6).info.status(), wire::STOPPED);
  expect_runs();
}

TEST_F(RepairTest, WakesAForkServerThatARunStopped) {
  run(client_, "stopper", kForkServer + std::string("os.kill(fork_server, signal.SIGSTOP)"));
  expect_runs();
}

TEST_F(RepairTest, ReplacesAForkServerThatARunKilled) {
  run(client_, "killer", kForkServer + std::string("os.kill(fork_server, signal.SIGKILL)"));
  expect_runs();
}

TEST_F(RepairTest, RunsTheImagesPythonWhateverTheHomeHas) {
  write(".local/bin/python3", "#!/bin/false\n", 0755);
  agent_.kill(SIGTERM);
  agent_.wait();
  agent_.start();
  Client again(agent_.socket());
  EXPECT_EQ(run(again, "one", "import sys; print(sys.orig_argv[:3])").out, "['python3', '-u', '-c']\n");
}

TEST_F(RepairTest, PassesOverStartFilesThatCannotBeRead) {
  run(client_, "links",
      "import os, site\n"
      "os.makedirs(site.getusersitepackages())\n"
      "os.symlink('nowhere', site.getusersitepackages() + '/x.pth')\n"
      "os.mkdir(site.getusersitepackages() + '/y.pth')");
  expect_runs();
}

TEST_F(RepairTest, TellsInTextWhyAStartFileEndsEveryRun) {
  run(client_, "make",
      "import os, site\n"
      "os.makedirs(site.getusersitepackages())\n"
      "with open(site.getusersitepackages() + '/usercustomize.py', 'w') as f:\n"
      "  f.write(\"import os; os.write(2, b'caf\\\\xff'); os._exit(1)\")");
  const auto info = client_.start("no", "print(1)");  // the spare from before is stale
  EXPECT_EQ(info.status(), wire::START_FAILED);
  EXPECT_EQ(info.reason(), "it could not start: caf?");
}

TEST_F(RepairTest, OffersRunsToTheOutOfMemoryKiller) {
  EXPECT_EQ(run(client_, "score", "print(open('/proc/self/oom_score_adj').read().strip())").out, "500\n");
}

}  // namespace
}  // namespace agent
