#include "socketio/server.h"
#include "socketio/utf8.h"

namespace socketio {
namespace {

void append_escape(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += {'\\', 'u', '0', '0', kHex[(c >> 4) & 0xF], kHex[c & 0xF]};
  }
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size());
  std::size_t begin = 0;  // of what is copied as it stands
  std::size_t at = 0;
  while ((at += plain_run(text.substr(at))) < text.size()) {
    Utf8Unit unit{1, false};
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80 &&
           (unit = utf8_unit(text.substr(at))).valid)
      at += unit.length;
    if (at == text.size()) break;
    const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
    if (ascii && plain_run(text.substr(at, 1)) == 1) continue;
    out.append(text, begin, at - begin);
    if (ascii) {
      append_escape(out, text[at]);
      ++at;
    } else {
      out += "\xEF\xBF\xBD";
      at += unit.length;
    }
    begin = at;
  }
  out.append(text, begin);
}

}  // namespace socketio
