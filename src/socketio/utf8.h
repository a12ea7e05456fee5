#pragma once

// UTF-8 by the WHATWG's decoder: https://encoding.spec.whatwg.org/#utf-8-decoder

#include <cstddef>
#include <string_view>

namespace socketio {

struct Utf8Unit {
  std::size_t length;  // of the character, or of the maximal subpart that one U+FFFD stands for
  bool valid;
};

// What stands at the front of `text`, which must not be empty.
Utf8Unit utf8_unit(std::string_view text);

bool is_utf8(std::string_view text);

// How many bytes at the front of `text` are ASCII that JSON takes as it is: no control, no quote, no backslash.
std::size_t plain_run(std::string_view text);

}  // namespace socketio
