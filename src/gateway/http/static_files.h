#pragma once

// StaticFiles: the page's files from a folder.

#include <filesystem>
#include <string_view>

#include "gateway/http/door.h"

namespace gateway::http {

class StaticFiles {
 public:
  // `folder` holds index.html; files below assets/ carry a hash in their names and never change. A file's .br or .gz
  // beside it is sent in its place to clients that take it.
  explicit StaticFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Answers GET and HEAD; 404 where there is no such file. Names outside [A-Za-z0-9._-] are never looked up.
  Response answer(const Request& request, std::string_view path) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace gateway::http
