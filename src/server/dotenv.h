#pragma once

// `.env` files, by python-dotenv's syntax: comments, `export`, quotes, escapes, values over several lines, ${NAME} and
// ${NAME:-default}.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace server {

// The value of a name outside the file.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// In the file's order, a name's last value only. Lines that are none of the syntax are skipped and told in `bad_lines`.
std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text, const Environment& environment,
                                                              std::vector<int>* bad_lines);

// Puts what `file` says into this process's environment where it says nothing yet. Call before other threads run. A
// missing file is no error. Gives a sentence for each line that was skipped.
std::vector<std::string> load_dotenv(const std::filesystem::path& file);

}  // namespace server
