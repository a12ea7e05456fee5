#pragma once

// AgentLink: one connection to the agent of a sandbox, shared by everything that the server does there.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "sandbox/byte_stream.h"
#include "sandbox/limits.h"
#include "wire/agent.pb.h"

namespace sandbox {

// What an attachment yields, in order; `ended` is the last.
struct AttachmentEvent {
  enum class Kind { output, gap, ended };
  Kind kind = Kind::output;
  std::uint64_t offset = 0;                         // of the first byte of output or gap
  wire::Stream stream = wire::STREAM_UNSPECIFIED;   // output
  std::string data;                                 // output
  std::uint64_t missing_bytes = 0;                  // gap
  std::shared_ptr<const wire::ExecutionInfo> info;  // ended
};

class Attachment;

// Thread-safe: each call may come from any executor and resumes there. All of its work is done on its own strand.
// When the stream ends, every outstanding call and attachment fails with Errc::lost, and so does every later one. A
// link closes by itself where nothing is awaited for long, and where the agent falls silent.
class AgentLink {
 public:
  // Says hello both ways. `executor`, one thread or a strand, runs the link's reading and writing.
  static boost::asio::awaitable<base::Result<std::shared_ptr<AgentLink>>> open(boost::asio::any_io_executor executor,
                                                                               std::unique_ptr<ByteStream> stream,
                                                                               LinkTimes times = {});
  virtual ~AgentLink() = default;

  // Sends `message` (its request number is set here) and gives the answer. A Failure becomes an error, with the agent's
  // words; so does an answer that does not come in time.
  virtual boost::asio::awaitable<base::Result<wire::FromAgent>> call(wire::ToAgent message,
                                                                     std::chrono::milliseconds deadline) = 0;

  // The info is the execution as it stood before the first output.
  struct Attached {
    wire::ExecutionInfo info;
    std::unique_ptr<Attachment> attachment;
  };
  virtual boost::asio::awaitable<base::Result<Attached>> attach(std::string id, std::uint64_t from,
                                                                std::string reader) = 0;

  // Sends a Start, and right behind it the Attach from 0, so that its first output waits for no round trip. The info is
  // what the start was answered with.
  virtual boost::asio::awaitable<base::Result<Attached>> start(wire::ToAgent message, std::string reader,
                                                               std::chrono::milliseconds deadline) = 0;

  virtual bool alive() const = 0;
  virtual void close() = 0;
};

// Destroying it detaches. At most kAttachWindowBytes wait here.
class Attachment {
 public:
  virtual ~Attachment() = default;
  virtual boost::asio::awaitable<base::Result<AttachmentEvent>> next() = 0;
  // All bytes before `offset` have been handed on. Cheap, and may be called from any thread.
  virtual void acknowledge(std::uint64_t offset) = 0;
  // Makes an outstanding next() and every later one fail with Errc::lost. Any thread.
  virtual void cancel() = 0;
};

}  // namespace sandbox
