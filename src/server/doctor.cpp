#include <cstdio>

#include "sandbox/local/host.h"
#include "server/commands.h"
#include "server/log.h"
#include "server/parts.h"

namespace server {
namespace {

const char* mark_of(sandbox::local::Finding::Level level) {
  using Level = sandbox::local::Finding::Level;
  switch (level) {
    case Level::good:
      return "good   ";
    case Level::warning:
      return "warning";
    case Level::problem:
      return "problem";
  }
  return "";
}

}  // namespace

int doctor(const Settings& settings) {
  bool has_problem = false;
  for (const auto& finding : sandbox::local::check(local_options(settings, make_logger("error")))) {
    std::printf("%s  %s\n", mark_of(finding.level), finding.text.c_str());
    has_problem = has_problem || finding.level == sandbox::local::Finding::Level::problem;
  }
  const Remarks remarks = remarks_on(settings);
  for (const auto& warning : remarks.warnings) std::printf("warning  %s\n", warning.c_str());
  for (const auto& error : remarks.errors) std::printf("problem  %s\n", error.c_str());
  return has_problem || !remarks.errors.empty() ? 1 : 0;
}

}  // namespace server
