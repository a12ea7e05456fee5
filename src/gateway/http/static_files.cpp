#include "gateway/http/static_files.h"

#include <array>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "gateway/http/answers.h"
#include "gateway/http/limits.h"

namespace gateway::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::status;

struct File {
  std::filesystem::path path;
  std::uintmax_t size = 0;
  std::int64_t modified = 0;
};

// Names of one or more of [A-Za-z0-9._-], none of which begins with a dot.
bool is_plain_path(std::string_view path) {
  char previous = '/';
  for (const char c : path) {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    const bool inner = (c == '.' || c == '/') && previous != '/';
    if (!letter && !inner) return false;
    previous = c;
  }
  return previous != '/';
}

std::optional<File> find_file(std::filesystem::path path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::is_regular_file(status)) return std::nullopt;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > kStaticFileBytesMax) return std::nullopt;
  const auto modified = std::filesystem::last_write_time(path, error);
  if (error) return std::nullopt;
  return File{std::move(path), size, static_cast<std::int64_t>(modified.time_since_epoch().count())};
}

std::string_view mime_type(std::string_view path) {
  struct Type {
    std::string_view suffix, mime;
  };
  static constexpr std::array kTypes = {
      Type{".html", "text/html; charset=utf-8"},
      Type{".js", "text/javascript; charset=utf-8"},
      Type{".mjs", "text/javascript; charset=utf-8"},
      Type{".css", "text/css; charset=utf-8"},
      Type{".json", "application/json"},
      Type{".map", "application/json"},
      Type{".webmanifest", "application/manifest+json"},
      Type{".svg", "image/svg+xml"},
      Type{".png", "image/png"},
      Type{".jpg", "image/jpeg"},
      Type{".ico", "image/x-icon"},
      Type{".webp", "image/webp"},
      Type{".woff2", "font/woff2"},
      Type{".woff", "font/woff"},
      Type{".wasm", "application/wasm"},
      Type{".txt", "text/plain; charset=utf-8"},
  };
  for (const Type& type : kTypes) {
    if (path.ends_with(type.suffix)) return type.mime;
  }
  return "application/octet-stream";
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? text.substr(0, 0)
                                         : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Calls visit(item) for each item of a comma-separated header until one gives true.
template <class Visit>
bool any_item(std::string_view header, Visit visit) {
  while (!header.empty()) {
    const auto comma = header.find(',');
    if (visit(trim(header.substr(0, comma)))) return true;
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
  }
  return false;
}

// RFC 9110, section 12.5.3; a coding with the weight 0 is refused.
bool accepts(std::string_view accept_encoding, std::string_view coding) {
  return any_item(accept_encoding, [coding](std::string_view item) {
    const auto semicolon = item.find(';');
    if (trim(item.substr(0, semicolon)) != coding) return false;
    if (semicolon == std::string_view::npos) return true;
    const std::string_view weight = trim(item.substr(semicolon + 1));
    return !weight.starts_with("q=0") || weight.find_first_of("123456789") != std::string_view::npos;
  });
}

std::string_view value_of(const Request& request, field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

bool has_etag(std::string_view if_none_match, std::string_view etag) {
  return any_item(if_none_match, [etag](std::string_view item) {
    if (item.starts_with("W/")) item.remove_prefix(2);
    return item == etag || item == "*";
  });
}

// The file itself, or a compressed one beside it that the client takes.
std::pair<File, std::string> choose(const Request& request, const File& plain) {
  struct Coding {
    std::string_view name, suffix;
  };
  for (const Coding coding : {Coding{"br", ".br"}, Coding{"gzip", ".gz"}}) {
    if (!accepts(value_of(request, field::accept_encoding), coding.name)) continue;
    auto compressed = find_file(plain.path.string() + std::string(coding.suffix));
    if (compressed && compressed->modified >= plain.modified) return {std::move(*compressed), std::string(coding.name)};
  }
  return {plain, ""};
}

std::optional<std::string> read(const File& file) {
  std::ifstream stream(file.path, std::ios::binary);
  std::string content(file.size, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!stream) return std::nullopt;
  return content;
}

}  // namespace

Response StaticFiles::answer(const Request& request, std::string_view path) const {
  path.remove_prefix(1);
  const bool index = path.empty() || path == "index.html";
  const std::string name = index ? "index.html" : std::string(path);
  const auto plain = is_plain_path(name) ? find_file(folder_ / name) : std::nullopt;
  if (!plain && index) {
    return text_answer(request, status::service_unavailable,
                       "The page is not built, so there is nothing to show here. Run ./dev build and reload; clients "
                       "of the API work without it.\n");
  }
  if (!plain) return error_answer(request, status::not_found, "There is nothing at this address.");

  const auto [file, coding] = choose(request, *plain);
  const std::string etag = "\"" + std::to_string(file.size) + "-" + std::to_string(file.modified) +
                           (coding.empty() ? "" : "-" + coding) + "\"";
  Response response = empty_answer(request, status::ok);
  response.set(field::etag, etag);
  response.set(field::vary, "Accept-Encoding");
  response.set(field::cache_control, name.starts_with("assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  if (has_etag(value_of(request, field::if_none_match), etag)) {
    response.result(status::not_modified);
    return response;
  }
  auto content = read(file);
  if (!content) return error_answer(request, status::service_unavailable, "The file cannot be read now; try again.");
  const auto type = mime_type(name);
  response.set(field::content_type, {type.data(), type.size()});
  if (!coding.empty()) response.set(field::content_encoding, coding);
  response.body() = std::move(*content);
  return response;
}

}  // namespace gateway::http
