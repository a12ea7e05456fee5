#include "execution/wire_values.h"

#include <utility>

namespace execution {
namespace {

Status status_of(wire::Status status) {
  switch (status) {
    case wire::STARTING:
      return Status::starting;
    case wire::RUNNING:
      return Status::running;
    case wire::EXITED:
      return Status::exited;
    case wire::SIGNALED:
      return Status::signaled;
    case wire::STOPPED:
      return Status::stopped;
    case wire::TIMED_OUT:
      return Status::timed_out;
    case wire::OUT_OF_MEMORY:
      return Status::out_of_memory;
    case wire::SANDBOX_STOPPED:
      return Status::sandbox_stopped;
    case wire::START_FAILED:
      return Status::start_failed;
    default:
      return Status::sandbox_lost;
  }
}

Errc errc_of(const boost::system::error_code& code) {
  if (code.category() != make_error_code(sandbox::Errc::lost).category()) return Errc::sandbox_unavailable;
  switch (static_cast<sandbox::Errc>(code.value())) {
    case sandbox::Errc::not_found:
      return Errc::not_found;
    case sandbox::Errc::too_large:
      return Errc::too_large;
    case sandbox::Errc::input_full:
      return Errc::input_full;
    case sandbox::Errc::input_closed:
      return Errc::input_closed;
    case sandbox::Errc::too_many:
      return Errc::too_many;
    case sandbox::Errc::refused:
      return Errc::invalid;
    default:
      return Errc::sandbox_unavailable;
  }
}

}  // namespace

Info info_of(const wire::ExecutionInfo& message) {
  Info info;
  info.id = message.id();
  info.status = status_of(message.status());
  info.exit_code = message.exit_code();
  info.signal = message.signal();
  info.reason = message.reason();
  info.usage.wall = std::chrono::microseconds(message.usage().wall_us());
  info.usage.cpu = std::chrono::microseconds(message.usage().cpu_us());
  info.usage.memory_peak_bytes = message.usage().memory_peak_bytes();
  info.output_begin = message.output_begin();
  info.output_end = message.output_end();
  info.input_end = message.input_end();
  info.input_closed = message.input_closed();
  info.started_unix_us = message.started_unix_us();
  info.labels.insert(message.labels().begin(), message.labels().end());
  info.readers.insert(message.readers().begin(), message.readers().end());
  return info;
}

Event event_of(sandbox::AttachmentEvent from) {
  Event event;
  event.offset = from.offset;
  switch (from.kind) {
    case sandbox::AttachmentEvent::Kind::output:
      event.stream = from.stream == wire::STDERR ? Stream::error : Stream::output;
      event.data = std::move(from.data);
      break;
    case sandbox::AttachmentEvent::Kind::gap:
      event.kind = Event::Kind::gap;
      event.missing_bytes = from.missing_bytes;
      break;
    case sandbox::AttachmentEvent::Kind::ended:
      event.kind = Event::Kind::ended;
      event.info = std::make_shared<Info>(info_of(*from.info));
      break;
  }
  return event;
}

base::Error error_of(const base::Error& error) {
  return base::fail(errc_of(error.code), error.message());
}

bool is_lost(const base::Error& error) {
  return error.code == sandbox::Errc::lost;
}

bool is_stopped(const base::Error& error) {
  return error.code == sandbox::Errc::lost || error.code == sandbox::Errc::not_found;
}

base::Error not_running() {
  return base::fail(Errc::not_found, "The sandbox does not run, so nothing runs in it.");
}

}  // namespace execution
