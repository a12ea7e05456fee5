#include "gateway/events/payloads.h"

#include <cmath>

#include "socketio/server.h"

namespace gateway::events {
namespace json = boost::json;
namespace {

constexpr double kLargestExactNumber = 9007199254740992.0;  // 2^53

std::optional<std::uint64_t> whole_number(const json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64()) {
    if (value.get_int64() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(value.get_int64());
  }
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  if (!(number >= 0) || number > kLargestExactNumber || std::floor(number) != number) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

void append_next(std::string& out, const Position& next) {
  out += R"(,"next":{"stdout":)";
  out += std::to_string(next.output);
  out += R"(,"stderr":)";
  out += std::to_string(next.error);
  out += "}}";
}

std::string_view code_of(const base::Error& error) {
  using execution::Errc;
  if (error.code.category() != make_error_code(Errc::invalid).category()) return "failed";
  switch (static_cast<Errc>(error.code.value())) {
    case Errc::sandbox_unavailable:
      return "sandbox_unavailable";
    case Errc::not_found:
      return "not_found";
    case Errc::too_large:
      return "too_large";
    case Errc::input_full:
      return "input_full";
    case Errc::input_closed:
      return "input_closed";
    case Errc::too_many:
      return "too_many";
    case Errc::invalid:
      return "invalid";
  }
  return "failed";
}

}  // namespace

json::object to_json(const execution::Info& info) {
  const auto milliseconds = [](std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000.0; };
  json::object out;
  out["id"] = info.id;
  out["status"] = execution::to_string(info.status);
  out["exit_code"] = info.status == execution::Status::exited ? json::value(info.exit_code) : json::value(nullptr);
  out["signal"] = info.signal != 0 ? json::value(info.signal) : json::value(nullptr);
  out["reason"] = info.reason;
  out["usage"] = json::object{{"wall_ms", milliseconds(info.usage.wall)},
                              {"cpu_ms", milliseconds(info.usage.cpu)},
                              {"memory_peak_bytes", info.usage.memory_peak_bytes}};
  out["output_begin"] = info.output_begin;
  out["output_end"] = info.output_end;
  out["input_end"] = info.input_end;
  out["input_closed"] = info.input_closed;
  out["started_ms"] = info.started_unix_us / 1000;
  return out;
}

json::object success(json::object with) {
  with["ok"] = true;
  return with;
}

json::object failure(std::string_view code, std::string_view message) {
  return {{"ok", false}, {"error", {{"code", code}, {"message", message}}}};
}

json::object failure(const base::Error& error) {
  return failure(code_of(error), error.message());
}

const json::object* request_of(const json::array& arguments) {
  return arguments.empty() ? nullptr : arguments.front().if_object();
}

const json::string* text_of(const json::object& request, std::string_view field) {
  const json::value* value = request.if_contains(field);
  return value == nullptr ? nullptr : value->if_string();
}

std::optional<std::uint64_t> offset_of(const json::object& request, std::string_view field) {
  const json::value* value = request.if_contains(field);
  return value == nullptr ? std::nullopt : whole_number(*value);
}

std::optional<Position> position_of(const json::object& request) {
  const json::value* from = request.if_contains("from");
  if (from == nullptr || from->is_null()) return Position{};
  if (const json::object* each = from->if_object()) {
    const auto output = offset_of(*each, "stdout");
    const auto error = offset_of(*each, "stderr");
    if (!output || !error) return std::nullopt;
    return Position{*output, *error};
  }
  const auto both = whole_number(*from);
  if (!both) return std::nullopt;
  return Position{*both, *both};
}

std::string contract_output(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 16 + 16);
  out += R"({"output":")";
  socketio::append_json_escaped(out, bytes);
  out += "\"}";
  return out;
}

std::string output_payload(std::string_view execution_id, const Text& text, const Position& next) {
  std::string out;
  out.reserve(text.bytes.size() + text.bytes.size() / 16 + 160);
  out += R"({"execution_id":")";
  out += execution_id;
  out += text.stream == execution::Stream::output ? R"(","stream":"stdout","offset":)"
                                                  : R"(","stream":"stderr","offset":)";
  out += std::to_string(text.offset);
  out += R"(,"text":")";
  socketio::append_json_escaped(out, text.bytes);
  out += '"';
  append_next(out, next);
  return out;
}

std::string gap_payload(std::string_view execution_id, std::uint64_t offset, std::uint64_t bytes,
                        const Position& next) {
  std::string out = R"({"execution_id":")";
  out += execution_id;
  out += R"(","offset":)";
  out += std::to_string(offset);
  out += R"(,"bytes":)";
  out += std::to_string(bytes);
  append_next(out, next);
  return out;
}

}  // namespace gateway::events
