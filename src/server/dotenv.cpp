#include "server/dotenv.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace server {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  char take() {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }
  int line() const { return line_; }

  void skip_blanks() {
    while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) take();
  }
  void skip_line() {
    while (!at_end() && take() != '\n') {
    }
  }
  bool skip_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  std::string take_while(bool (*wanted)(char)) {
    std::string out;
    while (!at_end() && wanted(peek())) out += take();
    return out;
  }
  // What stands between quotes, with the escapes of its kind; nothing where the closing one is missing.
  std::optional<std::string> take_quoted() {
    const std::size_t begin = at_;
    const int begin_line = line_;
    const char quote = take();
    std::string out;
    while (!at_end()) {
      const char c = take();
      if (c == quote) return out;
      if (c != '\\' || at_end()) {
        out += c;
        continue;
      }
      append_escape(out, quote, take());
    }
    at_ = begin;
    line_ = begin_line;
    return std::nullopt;
  }

 private:
  static void append_escape(std::string& out, char quote, char c) {
    static constexpr std::string_view kNames = "abfnrtv";
    static constexpr std::string_view kValues = "\a\b\f\n\r\t\v";
    if (c == '\\' || c == '\'' || (quote == '"' && c == '"')) {
      out += c;
    } else if (const auto at = kNames.find(c); quote == '"' && at != std::string_view::npos) {
      out += kValues[at];
    } else {
      out += '\\';
      out += c;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

bool is_name(char c) {
  return c != '=' && c != '#' && c != ' ' && c != '\t' && c != '\r' && c != '\n';
}
bool is_on_line(char c) {
  return c != '\n' && c != '\r';
}

std::string without_comment(std::string value) {
  for (std::size_t at = 1; at < value.size(); ++at) {
    if (value[at] == '#' && (value[at - 1] == ' ' || value[at - 1] == '\t')) {
      value.resize(at - 1);
      break;
    }
  }
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.pop_back();
  return value;
}

std::string expand(std::string_view value, const Environment& lookup) {
  std::string out;
  while (!value.empty()) {
    const auto begin = value.find("${");
    const auto end = begin == std::string_view::npos ? begin : value.find('}', begin);
    if (end == std::string_view::npos) return out.append(value);
    out += value.substr(0, begin);
    const std::string_view inside = value.substr(begin + 2, end - begin - 2);
    const auto split = inside.find(":-");
    const auto known = lookup(inside.substr(0, split));
    if (known) {
      out += *known;
    } else if (split != std::string_view::npos) {
      out += inside.substr(split + 2);
    }
    value.remove_prefix(end + 1);
  }
  return out;
}

struct Binding {
  std::string name;
  std::optional<std::string> value;
};

// Nothing where the line is none of the syntax; the reader is then somewhere on it.
std::optional<Binding> read_binding(Reader& reader) {
  if (reader.skip_word("export ") || reader.skip_word("export\t")) reader.skip_blanks();
  Binding binding;
  if (reader.peek() == '\'') {
    auto quoted = reader.take_quoted();
    if (!quoted) return std::nullopt;
    binding.name = std::move(*quoted);
  } else {
    binding.name = reader.take_while(is_name);
  }
  reader.skip_blanks();
  if (binding.name.empty()) return std::nullopt;
  if (reader.peek() == '=') {
    reader.take();
    reader.skip_blanks();
    if (reader.peek() == '\'' || reader.peek() == '"') {
      binding.value = reader.take_quoted();
      if (!binding.value) return std::nullopt;
    } else {
      binding.value = without_comment(reader.peek() == '#' ? "" : reader.take_while(is_on_line));
      if (reader.peek() == '#') reader.take_while(is_on_line);
    }
    reader.skip_blanks();
  }
  if (reader.peek() == '#') reader.take_while(is_on_line);
  reader.skip_blanks();
  if (!reader.at_end() && reader.peek() != '\n') return std::nullopt;
  return binding;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text, const Environment& environment,
                                                              std::vector<int>* bad_lines) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto find = [&out](std::string_view name) {
    return std::find_if(out.begin(), out.end(), [name](const auto& entry) { return entry.first == name; });
  };
  Reader reader(text);
  if (text.starts_with("\xEF\xBB\xBF")) reader.skip_word("\xEF\xBB\xBF");
  while (true) {
    reader.skip_blanks();
    if (reader.at_end()) return out;
    if (reader.peek() == '\n' || reader.peek() == '#') {
      reader.skip_line();
      continue;
    }
    const int line = reader.line();
    auto binding = read_binding(reader);
    if (!binding) {
      if (bad_lines != nullptr) bad_lines->push_back(line);
      reader.skip_line();
      continue;
    }
    if (!binding->value) continue;
    const Environment lookup = [&](std::string_view name) -> std::optional<std::string> {
      if (auto outside = environment(name)) return outside;
      const auto inside = find(name);
      return inside == out.end() ? std::nullopt : std::optional(inside->second);
    };
    std::string value = expand(*binding->value, lookup);
    if (const auto known = find(binding->name); known != out.end()) {
      known->second = std::move(value);
    } else {
      out.emplace_back(std::move(binding->name), std::move(value));
    }
  }
}

std::vector<std::string> load_dotenv(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const Environment environment = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  std::vector<int> bad_lines;
  for (const auto& [name, value] : parse_dotenv(text, environment, &bad_lines)) {
    ::setenv(name.c_str(), value.c_str(), 0);  // NOLINT(concurrency-mt-unsafe)
  }
  std::vector<std::string> told;
  for (const int line : bad_lines) {
    told.push_back(file.string() + ": line " + std::to_string(line) + " was skipped: it is not NAME=value.");
  }
  return told;
}

}  // namespace server
