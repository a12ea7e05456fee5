// The real agent with its real fork server, as an ordinary process, spoken to as a server does.

#include "agent/agent_test_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace agent {
namespace {

using namespace std::chrono_literals;

class AgentTest : public testing::Test {
 protected:
  AgentProcess agent_;
  Client client_{agent_.socket()};
};

bool is_alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return (stat >> number >> name >> state) && state != "Z";
}

TEST_F(AgentTest, RunsCode) {
  const auto seen = run(client_, "one", "print('hi')");
  EXPECT_EQ(seen.out, "hi\n");
  EXPECT_EQ(seen.err, "");
  EXPECT_EQ(seen.info.status(), wire::EXITED);
  EXPECT_EQ(seen.info.exit_code(), 0);
  EXPECT_EQ(seen.info.reason(), "");
  EXPECT_GT(seen.info.usage().wall_us(), 0u);
  EXPECT_GT(seen.info.usage().cpu_us(), 0u);
  EXPECT_GT(seen.info.usage().memory_peak_bytes(), 1u << 20);
}

TEST_F(AgentTest, GivesEachRunAFreshInterpreter) {
  EXPECT_EQ(run(client_, "a", "x = 12345").info.exit_code(), 0);
  const auto seen = run(client_, "b", "print(x)");
  EXPECT_NE(seen.err.find("NameError: name 'x' is not defined"), std::string::npos) << seen.err;
  EXPECT_EQ(seen.info.exit_code(), 1);
}

TEST_F(AgentTest, TellsHowARunEnded) {
  EXPECT_EQ(run(client_, "exit", "import sys; sys.exit(7)").info.exit_code(), 7);
  EXPECT_EQ(run(client_, "os-exit", "import os; os._exit(200)").info.exit_code(), 200);
  const auto segv = run(client_, "segv", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)").info;
  EXPECT_EQ(segv.status(), wire::SIGNALED);
  EXPECT_EQ(segv.signal(), SIGSEGV);
  EXPECT_EQ(segv.reason(), "ended by signal 11 (segmentation fault)");
}

TEST_F(AgentTest, GivesRunsAnEnvironmentOfTheirOwn) {
  const auto seen =
      run(client_, "env", "import os\nfor k in sorted(os.environ): print(k, os.environ[k])\nprint(os.getcwd())");
  const std::string home = agent_.home();
  EXPECT_EQ(seen.out, "HOME " + home + "\nLANG C.UTF-8\nLOGNAME user\nPATH " + home +
                          "/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                          "SHELL /bin/bash\nUSER user\n" +
                          home + "\n");
}

TEST_F(AgentTest, LeavesNoDescriptorAndNoSignalOfItsOwnInARun) {
  client_.start("fds",
                "import os, signal\n"
                "print([f for f in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + f)])\n"
                "print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGTERM).name)\n"
                "print(oct(os.umask(0)))\n"
                "print(open('/dev/stdin').read() + 'x', file=open('/dev/stdout', 'w'))");
  wire::ToAgent end;
  end.mutable_end_input()->set_id("fds");
  client_.call(end);
  const auto seen = client_.read_to_end(client_.attach("fds"));
  EXPECT_EQ(seen.err, "");
  EXPECT_EQ(seen.out, "['0', '1', '2']\nset() SIG_DFL\n0o22\nx\n");
}

TEST_F(AgentTest, HandsInputOnOnceWhateverIsSentTwice) {
  client_.start("in", "print('hello', input('name? '))\nprint(input())");
  const auto attachment = client_.attach("in");
  client_.read_until(attachment, "name? ");
  EXPECT_EQ(client_.input("in", "alice\n", 0).info().input_end(), 6u);
  EXPECT_EQ(client_.input("in", "alice\n", 0).info().input_end(), 6u);
  EXPECT_EQ(client_.input("in", "x", 100).failure().code(), wire::Failure::BAD_REQUEST);
  EXPECT_EQ(client_.input("in", "ice\nbye\n", 2).info().input_end(), 10u);
  const auto seen = client_.read_to_end(attachment, 6);
  EXPECT_EQ(seen.out, "hello alice\nbye\n");
  EXPECT_EQ(client_.input("in", "late").failure().code(), wire::Failure::INPUT_CLOSED);
  EXPECT_EQ(client_.input("nobody", "x").failure().code(), wire::Failure::NO_SUCH_EXECUTION);
}

TEST_F(AgentTest, EndsInputAfterAllOfItWasRead) {
  client_.start("cat", "import sys; n = len(sys.stdin.read()); print(n)");
  const auto attachment = client_.attach("cat");
  EXPECT_TRUE(client_.input("cat", std::string(5 << 20, 'y')).has_info());
  wire::ToAgent end;
  end.mutable_end_input()->set_id("cat");
  EXPECT_TRUE(client_.call(end).info().input_closed());
  EXPECT_EQ(client_.input("cat", "z").failure().code(), wire::Failure::INPUT_CLOSED);
  EXPECT_EQ(client_.read_to_end(attachment).out, "5242880\n");
}

TEST_F(AgentTest, RefusesInputThatNobodyReads) {
  client_.start("deaf", "import time; time.sleep(600)");
  EXPECT_TRUE(client_.input("deaf", std::string(31 << 20, 'y')).has_info());
  const auto full = client_.input("deaf", std::string(2 << 20, 'y'));
  EXPECT_EQ(full.failure().code(), wire::Failure::INPUT_FULL);
  client_.stop("deaf");
}

TEST_F(AgentTest, StopsWhateverARunDoes) {
  const std::string programs[] = {
      "while True: pass",
      "input()",
      "import signal\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\nprint('ready')\nwhile True: pass",
  };
  int number = 0;
  for (const auto& program : programs) {
    const std::string id = "stop" + std::to_string(number++);
    client_.start(id, program);
    const auto attachment = client_.attach(id);
    client_.stop(id);
    const auto info = client_.read_to_end(attachment).info;
    EXPECT_EQ(info.status(), wire::STOPPED) << program;
    EXPECT_EQ(info.reason(), "stopped by you");
    EXPECT_EQ(info.signal(), SIGKILL);
  }
}

TEST_F(AgentTest, KillsWhatARunLeftBehind) {
  const auto seen = run(client_, "daemon",
                        "import os, time\n"
                        "r, w = os.pipe()\n"
                        "if os.fork() == 0:\n"
                        "  os.setsid()\n"
                        "  if os.fork() == 0:\n"
                        "    os.write(w, str(os.getpid()).encode())\n"
                        "    time.sleep(600)\n"
                        "  os._exit(0)\n"
                        "print(os.read(r, 20).decode())");
  EXPECT_EQ(seen.info.status(), wire::EXITED);
  EXPECT_FALSE(is_alive(std::stoi(seen.out)));
}

TEST_F(AgentTest, StopsADoubleForkedDaemonToo) {
  client_.start("daemon",
                "import os, time\n"
                "if os.fork() == 0:\n"
                "  os.setsid()\n"
                "  if os.fork() == 0:\n"
                "    print(os.getpid(), flush=True)\n"
                "    time.sleep(600)\n"
                "  os._exit(0)\n"
                "time.sleep(600)");
  const auto attachment = client_.attach("daemon");
  const std::string pid = client_.read_until(attachment, "\n");
  EXPECT_TRUE(is_alive(std::stoi(pid)));
  client_.stop("daemon", "stopped by a test");
  EXPECT_EQ(client_.read_to_end(attachment, pid.size()).info.reason(), "stopped by a test");
  EXPECT_FALSE(is_alive(std::stoi(pid)));
}

TEST_F(AgentTest, CatchesARunThatForksAndExitsWithoutPause) {
  const std::string mark = agent_.home() + "/mark";
  client_.start("chain",
                "import os, time\n"
                "end = time.monotonic() + 30\n"  // an agent that fails must not leave it behind
                "while time.monotonic() < end:\n"
                "  os.utime(os.open('mark', os.O_CREAT))\n"
                "  if os.fork(): os._exit(0)\n"
                "  os.closerange(3, 9)\n"
                "  os.setsid()");
  client_.stop("chain");
  client_.read_to_end(client_.attach("chain"));
  std::filesystem::remove(mark);
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(AgentTest, KillsARunThatKilledItsSupervisor) {
  const auto seen = run(client_, "patricide",
                        "import os, signal, time\n"
                        "print(os.getpid(), flush=True)\n"
                        "os.kill(os.getppid(), signal.SIGKILL)\n"
                        "time.sleep(600)");
  EXPECT_EQ(seen.info.status(), wire::SIGNALED);
  while (is_alive(std::stoi(seen.out))) {  // killed; the end does not wait for it
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(run(client_, "after", "print(1)").out, "1\n");
}

TEST_F(AgentTest, InterruptsTheInterpreterAlone) {
  client_.start("int",
                "import time\n"
                "try:\n"
                "  print('ready')\n"
                "  while True: time.sleep(0.05)\n"
                "except KeyboardInterrupt:\n"
                "  print('caught')");
  const auto attachment = client_.attach("int");
  const auto ready = client_.read_until(attachment, "ready\n");
  wire::ToAgent interrupt;
  interrupt.mutable_interrupt()->set_id("int");
  client_.call(interrupt);
  EXPECT_EQ(client_.read_to_end(attachment, ready.size()).out, "caught\n");
}

TEST_F(AgentTest, EndsARunAtItsTimeLimit) {
  client_.start("slow", "while True: pass", 300);
  const auto info = client_.read_to_end(client_.attach("slow")).info;
  EXPECT_EQ(info.status(), wire::TIMED_OUT);
  EXPECT_EQ(info.reason(), "stopped: it ran longer than its limit of 300 ms");
}

TEST_F(AgentTest, TakesAStartThatIsSentTwiceForOne) {
  client_.start("same", "import os; print(os.getpid()); input()");
  EXPECT_EQ(client_.start("same", "print('another')").status(), wire::RUNNING);
  const auto attachment = client_.attach("same");
  client_.input("same", "\n");
  EXPECT_EQ(client_.read_to_end(attachment).out.find("another"), std::string::npos);
  EXPECT_EQ(client_.start("same", "print('another')").status(), wire::EXITED);
}

constexpr const char* kFiftyMegabytes =
    "import sys\nfor i in range(800): sys.stdout.buffer.write(bytes([i % 251]) * 65536)";
constexpr std::uint64_t kFiftyMegabytesBytes = 800 * 65536;

TEST_F(AgentTest, KeepsTheNewestOfWhatNobodyWatchedAndTellsTheGapExactly) {
  client_.start("huge", kFiftyMegabytes);
  while (client_.info("huge").status() == wire::RUNNING) {
    std::this_thread::sleep_for(10ms);
  }
  const auto info = client_.info("huge");
  EXPECT_EQ(info.output_end(), kFiftyMegabytesBytes);
  EXPECT_EQ(info.output_begin(), kFiftyMegabytesBytes - (16 << 20));
  const auto seen = client_.read_to_end(client_.attach("huge"));
  EXPECT_TRUE(seen.in_order);
  EXPECT_EQ(seen.missing, info.output_begin());
  EXPECT_EQ(seen.out.size() + seen.missing, kFiftyMegabytesBytes);
  for (std::uint64_t i = 0; i < seen.out.size(); i += 4096) {
    ASSERT_EQ(static_cast<unsigned char>(seen.out[i]), (seen.missing + i) / 65536 % 251);
  }
}

TEST_F(AgentTest, LosesNothingWhileSomebodyWatches) {
  client_.start("watched", std::string("input()\n") + kFiftyMegabytes);
  const auto attachment = client_.attach("watched");
  client_.input("watched", "\n");
  std::this_thread::sleep_for(300ms);  // the program comes far ahead if nothing holds it back
  EXPECT_LE(client_.info("watched").output_end(), 5u << 20);
  const auto seen = client_.read_to_end(attachment);
  EXPECT_TRUE(seen.in_order);
  EXPECT_EQ(seen.missing, 0u);
  EXPECT_EQ(seen.out.size(), kFiftyMegabytesBytes);
}

TEST_F(AgentTest, SendsNoMoreThanTheWindow) {
  client_.start("window", "import sys; sys.stdout.write('x' * 100000)");
  const auto attachment = client_.attach("window", 0, "narrow", 1000);
  std::uint64_t next = 0;
  while (next < 100000) {
    const std::uint64_t from = next;
    while (next < std::min<std::uint64_t>(from + 1000, 100000)) {
      const auto message = client_.answer(attachment);
      ASSERT_EQ(message.output().offset(), next);
      next += message.output().data().size();
    }
    ASSERT_LE(next - from, 1000u);
    client_.acknowledge(attachment, next);
  }
  const auto ended = client_.answer(attachment).ended();
  EXPECT_EQ(ended.status(), wire::EXITED);
  EXPECT_EQ(client_.info("window").readers().at("narrow"), 100000u);
}

TEST_F(AgentTest, RemembersWhatWasAcknowledgedBehindTheEnd) {
  client_.start("told", "print('all')");
  const auto attachment = client_.attach("told", 0, "contract");
  client_.read_to_end(attachment);
  client_.acknowledge(attachment, 4);
  EXPECT_EQ(client_.info("told").readers().at("contract"), 4u);
  client_.acknowledge(attachment, 5);
  EXPECT_EQ(client_.info("told").readers().at("contract"), 5u);
  client_.acknowledge(attachment, 6);
  EXPECT_EQ(client_.info("told").readers().at("contract"), 5u);
}

TEST_F(AgentTest, ShowsOneRunToManyConnections) {
  Client second(agent_.socket());
  client_.start("shared", "input()\nfor i in range(20000): print(i)");
  const auto one = client_.attach("shared", 0, "one");
  const auto two = second.attach("shared", 0, "two");
  second.input("shared", "\n");
  const auto seen = client_.read_to_end(one);
  EXPECT_EQ(seen.out, second.read_to_end(two).out);
  EXPECT_TRUE(seen.out.ends_with("19999\n"));
}

TEST_F(AgentTest, ShowsOutputWithoutANewlineAtOnce) {
  client_.start("dots", "import time\nprint('.', end='')\ntime.sleep(600)");
  EXPECT_EQ(client_.read_until(client_.attach("dots"), "."), ".");
  client_.stop("dots");
}

TEST_F(AgentTest, KeepsStreamsApartInTheOrderTheyCame) {
  const auto seen = run(client_, "both",
                        "import sys, time\nfor i in range(3):\n  print('o', i)\n  time.sleep(0.02)\n  print('e', i, "
                        "file=sys.stderr)\n  time.sleep(0.02)");
  EXPECT_EQ(seen.out, "o 0\no 1\no 2\n");
  EXPECT_EQ(seen.err, "e 0\ne 1\ne 2\n");
}

TEST_F(AgentTest, TakesCodeOfTenMegabytesAndNoMore) {
  const std::string comment(((10 << 20) - 20) / 1, '#');
  EXPECT_EQ(run(client_, "big", comment + "\nprint('end')").out, "end\n");
  wire::ToAgent message;
  message.mutable_start()->set_id("bigger");
  message.mutable_start()->set_code(std::string((10 << 20) + 1, '#'));
  EXPECT_EQ(client_.call(message).failure().code(), wire::Failure::TOO_LARGE);
}

TEST_F(AgentTest, RunsSixteenAtOnceAndRefusesMore) {
  for (int i = 0; i < 16; ++i) {
    ASSERT_EQ(client_.start("many" + std::to_string(i), "input()").status(), wire::RUNNING);
  }
  wire::ToAgent message;
  message.mutable_start()->set_id("many16");
  message.mutable_start()->set_code("pass");
  EXPECT_EQ(client_.call(message).failure().code(), wire::Failure::TOO_MANY);
  for (int i = 0; i < 16; ++i) {
    client_.stop("many" + std::to_string(i));
  }
  EXPECT_EQ(client_.read_to_end(client_.attach("many15")).info.status(), wire::STOPPED);
}

TEST_F(AgentTest, AnswersBadRequestsAndGoesOn) {
  wire::ToAgent empty;
  EXPECT_EQ(client_.call(empty).failure().code(), wire::Failure::BAD_REQUEST);
  wire::ToAgent start;
  start.mutable_start()->set_id("../../etc/passwd");
  EXPECT_EQ(client_.call(start).failure().code(), wire::Failure::BAD_REQUEST);
  wire::ToAgent attach;
  attach.mutable_attach()->set_id("nobody");
  EXPECT_EQ(client_.call(attach).failure().code(), wire::Failure::NO_SUCH_EXECUTION);

  Client rude(agent_.socket(), false);
  wire::ToAgent list;
  list.mutable_list();
  EXPECT_EQ(rude.call(list).failure().code(), wire::Failure::BAD_REQUEST);
  rude.send_bytes(std::string("\x03\0\0\0\xff\xff\xff", 7));
  EXPECT_TRUE(rude.closed());
  Client long_frame(agent_.socket());
  long_frame.send_bytes("\xff\xff\xff\xff");
  EXPECT_TRUE(long_frame.closed());
  EXPECT_EQ(run(client_, "fine", "print(1)").out, "1\n");
}

TEST_F(AgentTest, TellsItsStatus) {
  run(client_, "one", "pass");
  wire::ToAgent message;
  message.mutable_get_status();
  const auto status = client_.call(message).status();
  EXPECT_GT(status.agent_memory_bytes(), 0u);
  EXPECT_GT(status.fork_server_memory_bytes(), 0u);
  EXPECT_GE(status.processes(), 2u);
}

TEST_F(AgentTest, KeepsFinishedRunsWhenItIsKilled) {
  run(client_, "done", "print('kept')");
  client_.start("open", "print('begun')\nimport time; time.sleep(600)");
  const auto begun = client_.read_until(client_.attach("open"), "begun\n");
  agent_.kill(SIGKILL);
  EXPECT_EQ(agent_.wait(), 128 + SIGKILL);
  agent_.start();
  Client again(agent_.socket());
  const auto done = again.read_to_end(again.attach("done"));
  EXPECT_EQ(done.out, "kept\n");
  EXPECT_EQ(done.info.status(), wire::EXITED);
  const auto open = again.read_to_end(again.attach("open"));
  EXPECT_EQ(open.out, "begun\n");
  EXPECT_EQ(open.info.status(), wire::SANDBOX_LOST);
  EXPECT_EQ(run(again, "new", "print(2)").out, "2\n");
}

TEST(Agent, TellsThatItWasKilledForMemoryItself) {
  AgentProcess agent({"--oom-kills-before", "1000000000"});
  Client client(agent.socket());
  client.start("open", "import time; time.sleep(600)");
  agent.kill(SIGKILL);
  agent.wait();
  agent.start();
  const auto info = Client(agent.socket()).info("open");
  EXPECT_EQ(info.status(), wire::OUT_OF_MEMORY);
  EXPECT_EQ(info.reason(), "out of memory: it needed more than the sandbox's limit of 1 GiB");
}

TEST_F(AgentTest, EndsRunsWhenItIsToldToStop) {
  client_.start("open", "while True: pass");
  const auto attachment = client_.attach("open");
  agent_.kill(SIGTERM);
  const auto info = client_.read_to_end(attachment).info;
  EXPECT_EQ(info.status(), wire::SANDBOX_STOPPED);
  EXPECT_EQ(agent_.wait(), 0);
}

TEST(Agent, StopsWhenIdle) {
  AgentProcess agent({"--idle-stop", "1"});
  Client client(agent.socket());
  EXPECT_EQ(run(client, "one", "import time; time.sleep(1.5); print(1)").out, "1\n");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(agent.wait(), 0);
}

TEST(Agent, SaysWhyNoInterpreterStarts) {
  AgentProcess agent({"--python", "no-such-python"});
  Client client(agent.socket());
  const auto info = client.start("one", "print(1)");
  EXPECT_EQ(info.status(), wire::START_FAILED);
  EXPECT_EQ(info.reason(), "it could not start: cannot run no-such-python: No such file or directory");
}

}  // namespace
}  // namespace agent
