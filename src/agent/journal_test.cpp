#include "agent/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>

namespace agent {
namespace {

class JournalTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/forge-journal-test-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/one.journal";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Journal> create(std::uint64_t bytes) { return Journal::create(path_, bytes, {}, error_); }

  std::string folder_, path_, error_;
};

// All that is kept from `from` on, with each stream's bytes in upper or lower case as they were written.
std::string read(const Journal& journal, std::uint64_t from, std::size_t piece_bytes = 1000) {
  std::string all;
  while (const auto piece = journal.at(from, piece_bytes)) {
    EXPECT_EQ(piece->offset, from);
    for (const char c : piece->data) {
      EXPECT_EQ(piece->stream, c >= 'a' ? wire::STDERR : wire::STDOUT);
    }
    all += piece->data;
    from += piece->data.size();
  }
  EXPECT_EQ(from, journal.end());
  return all;
}

TEST_F(JournalTest, GivesBackWhatWasWrittenByStream) {
  const auto journal = create(1 << 20);
  journal->append(wire::STDOUT, "OUT");
  journal->append(wire::STDOUT, "MORE");
  journal->append(wire::STDERR, "err");
  journal->append(wire::STDOUT, "LAST");
  EXPECT_EQ(read(*journal, 0), "OUTMOREerrLAST");
  EXPECT_EQ(journal->at(0, 100)->data, "OUTMORE");
  EXPECT_EQ(read(*journal, 8), "rrLAST");
  EXPECT_FALSE(journal->at(14, 10));
}

TEST_F(JournalTest, KeepsTheNewestWhenFull) {
  const auto journal = create(64 << 10);
  std::string all;
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const bool error = random() % 2 == 0;
    const std::string text(random() % 300, static_cast<char>((error ? 'a' : 'A') + random() % 26));
    journal->append(error ? wire::STDERR : wire::STDOUT, text);
    all += text;
  }
  EXPECT_EQ(journal->end(), all.size());
  EXPECT_GE(journal->end() - journal->begin(), 50u << 10);
  EXPECT_EQ(read(*journal, journal->begin()), all.substr(journal->begin()));
}

TEST_F(JournalTest, GrowsWithoutLosingAnything) {
  const auto journal = create(4 << 20);
  std::string all;
  for (int i = 0; all.size() < (4 << 20) - 1000; ++i) {
    all.append(997, static_cast<char>('A' + i % 26));
    journal->append(wire::STDOUT, std::string_view(all).substr(all.size() - 997));
  }
  EXPECT_EQ(journal->begin(), 0u);
  EXPECT_EQ(read(*journal, 0, 1 << 20), all);
}

TEST_F(JournalTest, BoundsRecordsThatAlternateByteByByte) {
  const auto journal = create(1 << 20);
  for (int i = 0; i < 50'000; ++i) {
    journal->append(i % 2 == 0 ? wire::STDOUT : wire::STDERR, i % 2 == 0 ? "O" : "e");
  }
  EXPECT_EQ(journal->end(), 50'000u);
  EXPECT_EQ(journal->end() - journal->begin(), 4096u);  // a record for each 256 bytes of the largest size
  const std::string kept = read(*journal, journal->begin());
  EXPECT_EQ(kept.size(), 4096u);
  EXPECT_EQ(kept.substr(0, 4), "OeOe");
}

TEST_F(JournalTest, SaysHowMuchMoreFitsWithoutLoss) {
  const auto journal = create(64 << 10);
  EXPECT_EQ(journal->room_from(0), 64u << 10);
  journal->append(wire::STDOUT, std::string(60 << 10, 'A'));
  EXPECT_EQ(journal->room_from(0), 4u << 10);
  EXPECT_EQ(journal->room_from(1 << 10), 5u << 10);
  EXPECT_EQ(journal->room_from(60 << 10), 64u << 10);
  journal->append(wire::STDOUT, std::string(60 << 10, 'B'));
  EXPECT_EQ(journal->room_from(0), 0u);
  const auto alternating = Journal::in_memory(64 << 10);
  for (int i = 0; i < 512; ++i) {
    EXPECT_GT(alternating->room_from(0), 0u);
    alternating->append(i % 2 == 0 ? wire::STDOUT : wire::STDERR, "x");
  }
  EXPECT_EQ(alternating->room_from(0), 0u);
  EXPECT_GT(alternating->room_from(1), 0u);
}

TEST_F(JournalTest, TellsTheRoomThatIsLeftWhereItMayNotGrow) {
  bool allowed = true;
  const auto journal = Journal::create(
      path_, 1 << 20, [&](std::uint64_t) { return std::exchange(allowed, false); }, error_);
  ASSERT_TRUE(journal) << error_;
  EXPECT_EQ(journal->room_from(0), 64u << 10);
  journal->append(wire::STDOUT, std::string(50 << 10, 'A'));
  EXPECT_EQ(journal->room_from(0), 14u << 10);
  EXPECT_EQ(journal->room_from(50 << 10), 64u << 10);
}

TEST_F(JournalTest, IsFoundAgainInItsFile) {
  wire::ExecutionInfo info;
  info.set_id("one");
  info.set_status(wire::EXITED);
  (*info.mutable_labels())["who"] = "alice";
  {
    const auto journal = create(64 << 10);
    journal->append(wire::STDOUT, std::string(70'000, 'A'));
    journal->append(wire::STDERR, "end");
    journal->store(info, 3);
    info.set_exit_code(9);
    journal->store(info, 4);
    journal->settle();
    EXPECT_TRUE(read(*journal, journal->begin()).ends_with("Aend"));
  }
  const auto again = Journal::open(path_, error_);
  ASSERT_TRUE(again) << error_;
  EXPECT_EQ(again->end(), 70'003u);
  EXPECT_EQ(again->begin(), 70'003u - (64 << 10));
  EXPECT_TRUE(read(*again, again->begin()).ends_with("Aend"));
  wire::ExecutionInfo loaded;
  std::uint64_t oom_kills = 0;
  ASSERT_TRUE(again->load(loaded, oom_kills));
  EXPECT_EQ(loaded.exit_code(), 9);
  EXPECT_EQ(loaded.labels().at("who"), "alice");
  EXPECT_EQ(oom_kills, 4u);
}

TEST_F(JournalTest, ForgetsBytesThatAKilledAgentMayHaveOverwritten) {
  {
    const auto journal = create(64 << 10);
    journal->append(wire::STDOUT, std::string(100'000, 'A'));
    const auto room = journal->prepare(500);
    std::fill(room.begin(), room.end(), 'Z');
  }
  const auto again = Journal::open(path_, error_);
  ASSERT_TRUE(again) << error_;
  EXPECT_EQ(again->end(), 100'000u);
  EXPECT_EQ(again->begin(), 100'500u - (64 << 10));
  EXPECT_EQ(read(*again, again->begin()), std::string(again->end() - again->begin(), 'A'));
}

TEST_F(JournalTest, RefusesADamagedFile) {
  {
    const auto journal = create(64 << 10);
    journal->append(wire::STDOUT, "text");
  }
  const auto size = std::filesystem::file_size(path_);
  std::mt19937 random(2);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    const int fd = ::open(path_.c_str(), O_RDWR);
    char before = 0;
    const auto at = static_cast<off_t>(random() % 140);
    ASSERT_EQ(::pread(fd, &before, 1, at), 1);
    const char after = static_cast<char>(random());
    ASSERT_EQ(::pwrite(fd, &after, 1, at), 1);
    const auto journal = Journal::open(path_, error_);
    refused += journal ? 0 : 1;
    if (journal) {
      EXPECT_LE(journal->begin(), journal->end());
    }
    ASSERT_EQ(::pwrite(fd, &before, 1, at), 1);
    ::close(fd);
  }
  EXPECT_GT(refused, 100);
  std::filesystem::resize_file(path_, size - 1);
  EXPECT_FALSE(Journal::open(path_, error_));
  std::filesystem::resize_file(path_, 10);
  EXPECT_FALSE(Journal::open(path_, error_));
  EXPECT_FALSE(Journal::open(folder_ + "/none", error_));
  EXPECT_NE(error_, "");
}

TEST_F(JournalTest, StaysSmallWhereItMayNotGrow) {
  const auto journal = Journal::create(
      path_, 1 << 20, [](std::uint64_t) { return ::access("/dev/null", F_OK) != 0; }, error_);
  EXPECT_FALSE(journal);
  EXPECT_EQ(error_, "the journals' space is used up");
  bool allowed = true;
  const auto small = Journal::create(
      path_, 1 << 20, [&](std::uint64_t) { return std::exchange(allowed, false); }, error_);
  ASSERT_TRUE(small);
  small->append(wire::STDOUT, std::string(200'000, 'A'));
  EXPECT_EQ(small->end() - small->begin(), 64u << 10);
}

}  // namespace
}  // namespace agent
