#pragma once

// The shapes of docs/protocol.md and of the contract's events, in JSON.

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"
#include "execution/execution_service.h"
#include "gateway/events/output_decoder.h"

namespace gateway::events {

boost::json::object to_json(const execution::Info& info);
boost::json::object success(boost::json::object with = {});
boost::json::object failure(const base::Error& error);
boost::json::object failure(std::string_view code, std::string_view message);

// The first argument, where it is an object.
const boost::json::object* request_of(const boost::json::array& arguments);
// Null where the field is missing or no text.
const boost::json::string* text_of(const boost::json::object& request, std::string_view field);
// A whole number from 0 on, also as 5.0: JavaScript and Python make no difference.
std::optional<std::uint64_t> offset_of(const boost::json::object& request, std::string_view field);
// `from` of execution_attach: a number or {"stdout", "stderr"}; the beginning where it is missing; nothing where it is
// neither.
std::optional<Position> position_of(const boost::json::object& request);

// JSON text, as Socket::emit_json takes it.
std::string contract_output(std::string_view bytes);
std::string output_payload(std::string_view execution_id, const Text& text, const Position& next);
std::string gap_payload(std::string_view execution_id, std::uint64_t offset, std::uint64_t bytes, const Position& next);

}  // namespace gateway::events
