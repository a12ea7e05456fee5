// The parts of the agent that do no I/O.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "agent/attachment.h"
#include "agent/control.h"
#include "agent/executions.h"
#include "agent/input_queue.h"
#include "agent/limits.h"
#include "agent/memory.h"
#include "agent/reasons.h"
#include "agent/settings.h"
#include "agent/supervisor.h"

namespace agent {
namespace {

const Clock::time_point kNow = Clock::time_point{} + std::chrono::hours(1);

TEST(Attachment, HasCreditForItsWindow) {
  Attachment attachment(100, 50, "r");
  EXPECT_EQ(attachment.credit(), 50u);
  attachment.sent_to(130);
  EXPECT_EQ(attachment.credit(), 20u);
  attachment.sent_to(200);  // a gap may go beyond the window
  EXPECT_EQ(attachment.credit(), 0u);
  EXPECT_TRUE(attachment.acknowledge(190, kNow));
  EXPECT_EQ(attachment.credit(), 40u);
  EXPECT_TRUE(attachment.acknowledge(120, kNow));  // older news
  EXPECT_EQ(attachment.acknowledged(), 190u);
  EXPECT_FALSE(attachment.acknowledge(201, kNow));
}

TEST(Attachment, IsAbsentAfterSilenceWhileOutputWaits) {
  Attachment attachment(0, 50, "r");
  attachment.look(0, kNow);
  EXPECT_TRUE(attachment.present(kNow + kReaderAbsentAfter * 10));
  attachment.look(10, kNow);
  attachment.sent_to(10);
  EXPECT_TRUE(attachment.present(kNow + kReaderAbsentAfter - milliseconds(1)));
  EXPECT_FALSE(attachment.present(kNow + kReaderAbsentAfter));
  EXPECT_TRUE(attachment.acknowledge(5, kNow + kReaderAbsentAfter));
  EXPECT_TRUE(attachment.present(kNow + kReaderAbsentAfter));
}

TEST(Attachment, TheFastestPresentReaderSetsThePace) {
  Attachment slow(0, 50, "slow");
  Attachment fast(0, 50, "fast");
  std::vector<Attachment*> both{&slow, &fast};
  EXPECT_EQ(read_allowance({}, 1, kNow), UINT64_MAX);
  EXPECT_EQ(read_allowance(both, 100, kNow), kAheadBytesMax - 100);
  EXPECT_EQ(read_allowance(both, kAheadBytesMax + 100, kNow), 0u);
  fast.sent_to(1000);
  EXPECT_TRUE(fast.acknowledge(1000, kNow));
  EXPECT_EQ(read_allowance(both, kAheadBytesMax + 100, kNow), 900u);
  EXPECT_EQ(needed_from(both, kNow), 1000u);
  for (auto* attachment : both) {
    attachment->look(kAheadBytesMax, kNow);
  }
  EXPECT_EQ(read_allowance(both, kAheadBytesMax, kNow + kReaderAbsentAfter), UINT64_MAX);
}

TEST(InputQueue, SkipsWhatWasAccepted) {
  InputQueue input;
  EXPECT_EQ(input.accept(0, "abc"), InputQueue::Accept::fine);
  EXPECT_EQ(input.accept(0, "abc"), InputQueue::Accept::fine);
  EXPECT_EQ(input.accept(1, "bcd"), InputQueue::Accept::fine);
  EXPECT_EQ(input.accept(UINT64_MAX, "e"), InputQueue::Accept::fine);
  EXPECT_EQ(input.accept(6, "g"), InputQueue::Accept::gap);
  EXPECT_EQ(input.waiting(), "abcde");
  input.written(2);
  EXPECT_EQ(input.accept(5, "f"), InputQueue::Accept::fine);
  EXPECT_EQ(input.waiting(), "cdef");
  EXPECT_EQ(input.end(), 6u);
}

TEST(InputQueue, IsBoundedAndCloses) {
  InputQueue input;
  EXPECT_EQ(input.accept(0, std::string(kInputBytesMax, 'x')), InputQueue::Accept::fine);
  EXPECT_EQ(input.accept(UINT64_MAX, "y"), InputQueue::Accept::full);
  input.written(1);
  EXPECT_EQ(input.accept(UINT64_MAX, "y"), InputQueue::Accept::fine);
  input.close();
  EXPECT_EQ(input.accept(UINT64_MAX, "z"), InputQueue::Accept::closed);
  EXPECT_EQ(input.accept(kInputBytesMax, "y"), InputQueue::Accept::fine);  // sent twice
}

TEST(InputQueue, DropsWhatNobodyWillRead) {
  InputQueue input;
  EXPECT_EQ(input.accept(0, "abc"), InputQueue::Accept::fine);
  input.drop();
  EXPECT_EQ(input.accept(3, std::string(kInputBytesMax + 1, 'x')), InputQueue::Accept::fine);
  EXPECT_EQ(input.waiting(), "");
  EXPECT_EQ(input.end(), kInputBytesMax + 4);
}

TEST(Reasons, AreInPlainWords) {
  EXPECT_EQ(out_of_memory_reason(1 << 30), "out of memory: it needed more than the sandbox's limit of 1 GiB");
  EXPECT_EQ(out_of_memory_reason(256 << 20), "out of memory: it needed more than the sandbox's limit of 256 MiB");
  EXPECT_EQ(size_in_words(3ULL << 29), "1.5 GiB");
  EXPECT_EQ(time_limit_reason(seconds(60)), "stopped: it ran longer than its limit of 60 s");
  EXPECT_EQ(time_limit_reason(milliseconds(1500)), "stopped: it ran longer than its limit of 1.5 s");
  EXPECT_EQ(signal_in_words(11), "signal 11 (segmentation fault)");
  EXPECT_EQ(signal_in_words(40), "signal 40");
}

wire::ExecutionInfo end_of(const End& decided, const Ended& ended) {
  wire::ExecutionInfo info;
  set_end(info, decided, ended);
  return info;
}

TEST(Reasons, AreTextWhateverTheirSource) {
  EXPECT_EQ(plain_words("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d", 100), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d");
  EXPECT_EQ(plain_words("a\xff\xc3(\xed\xa0\x80\xf4\x90\x80\x80", 100),
            "a??"
            "("
            "???????");
  EXPECT_EQ(plain_words("one\ntwo\x1b[31m\n\n", 100), "one two [31m");
  EXPECT_EQ(plain_words("ab\xe2\x82\xac", 4), "ab");
  EXPECT_EQ(plain_words("ab\xe2\x82", 100), "ab??");
  EXPECT_EQ(plain_words("", 10), "");
}

TEST(Reasons, TellKillsForMemoryFromOthers) {
  Ended ended;
  ended.memory_bytes_max = 100;
  ended.wait_status = SIGKILL;
  ended.oom_kills_readable = true;
  ended.sampled_peak_bytes = 95;
  EXPECT_EQ(end_of({}, ended).status(), wire::SIGNALED);
  ended.oom_kill_counted = true;
  EXPECT_EQ(end_of({}, ended).status(), wire::OUT_OF_MEMORY);
  EXPECT_EQ(end_of({wire::STOPPED, "stopped by you"}, ended).status(), wire::STOPPED);
  ended.oom_kill_counted = ended.oom_kills_readable = false;
  EXPECT_EQ(end_of({}, ended).status(), wire::OUT_OF_MEMORY);
  ended.sampled_peak_bytes = 89;
  EXPECT_EQ(end_of({}, ended).status(), wire::SIGNALED);
  ended.wait_status = W_EXITCODE(3, 0);
  EXPECT_EQ(end_of({}, ended).exit_code(), 3);
}

TEST(Supervisor, ReportsAre21Bytes) {
  SupervisorReport report;
  report.wait_status = -2;
  report.cpu_us = 1ULL << 40;
  report.memory_peak_bytes = 123456789;
  report.children_left = true;
  const std::string bytes = encode_report(report);
  EXPECT_EQ(bytes.size(), 21u);
  const auto decoded = decode_report(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->wait_status, -2);
  EXPECT_EQ(decoded->cpu_us, 1ULL << 40);
  EXPECT_EQ(decoded->memory_peak_bytes, 123456789u);
  EXPECT_TRUE(decoded->children_left);
  EXPECT_FALSE(decode_report(bytes.substr(1)));
}

TEST(Control, ReadsWhatTheForkServerSays) {
  const auto spare = parse_control("spare\npid=70000\nsupervisor=1");
  EXPECT_EQ(spare.verb, "spare");
  EXPECT_EQ(spare.pid("pid"), 70000);
  EXPECT_EQ(spare.pid("supervisor"), 0);
  EXPECT_EQ(spare.pid("none"), 0);
  for (const char* text : {"pid=0", "pid=-5", "pid=7x", "pid=99999999999999", "pid="}) {
    EXPECT_EQ(parse_control(std::string("spare\n") + text).pid("pid"), 0) << text;
  }
  EXPECT_EQ(parse_control("ready\nmodules=numpy,../x,pandas,,a b").modules(),
            (std::vector<std::string>{"numpy", "pandas"}));
  EXPECT_EQ(parse_control("failed\nwhy=a=b").value("why"), "a=b");
  EXPECT_EQ(parse_control("").verb, "");
  EXPECT_EQ(encode_control({"ended", {{"pid", "7"}}}), "ended\npid=7");
}

TEST(Control, MergesModulesNewestFirst) {
  EXPECT_EQ(merge_modules({"b", "c"}, {"a", "b"}), (std::vector<std::string>{"b", "c", "a"}));
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back("m" + std::to_string(i));
  }
  EXPECT_EQ(merge_modules(many, {"a"}).size(), kModulesMax);
}

TEST(Settings, SayWhatIsWrong) {
  std::string error;
  const std::vector<std::string> fine{"--socket", "/s", "--journal", "/j", "--home", "/h", "--supervisor", "/a"};
  const auto with = [&](std::vector<std::string> more) {
    auto all = fine;
    all.insert(all.end(), more.begin(), more.end());
    error.clear();
    return parse_settings(all, error);
  };
  EXPECT_EQ(with({"--idle-stop", "5", "--run-time-max", "60000"}).idle_stop, seconds(5));
  EXPECT_EQ(error, "");
  with({"--memory-max", "lots"});
  EXPECT_EQ(error, "The option --memory-max cannot be lots.");
  with({"--colour", "red"});
  EXPECT_EQ(error, "Unknown option --colour.");
  with({"--uid"});
  EXPECT_EQ(error, "The option --uid needs a value.");
  error.clear();
  parse_settings({"--socket", "/s"}, error);
  EXPECT_NE(error.find("is missing"), std::string::npos);
  const auto environment = run_environment(with({"--env", "LANG=C", "--env", "X=1"}));
  EXPECT_EQ(std::count(environment.begin(), environment.end(), "LANG=C"), 1);
  EXPECT_EQ(std::count(environment.begin(), environment.end(), "LANG=C.UTF-8"), 0);
}

TEST(Executions, HaveIdsThatCanBeFileNames) {
  EXPECT_TRUE(is_execution_id("a1-B_2"));
  for (const std::string id : {"", "..", "a/b", "a.b", "\n", "é"}) {
    EXPECT_FALSE(is_execution_id(id)) << id;
  }
  EXPECT_FALSE(is_execution_id(std::string(65, 'a')));
}

TEST(MemoryGroup, ReadsBothVersionsOfControlGroups) {
  char folder[] = "/tmp/forge-memory-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string root = folder;
  const MemoryGroup group(root);
  EXPECT_FALSE(group.used_bytes());
  EXPECT_FALSE(group.oom_kills());
  std::filesystem::create_directory(root + "/memory");
  std::ofstream(root + "/memory/memory.usage_in_bytes") << "1234\n";
  std::ofstream(root + "/memory/memory.oom_control") << "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n";
  EXPECT_EQ(group.used_bytes(), 1234u);
  EXPECT_EQ(group.oom_kills(), 7u);
  std::ofstream(root + "/memory.current") << "99\n";
  std::ofstream(root + "/memory.events") << "low 0\noom 3\noom_kill 2\noom_group_kill 0\n";
  EXPECT_EQ(group.used_bytes(), 99u);
  EXPECT_EQ(group.oom_kills(), 2u);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace agent
