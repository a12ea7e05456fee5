// forge-agent: PID 1 of a sandbox (`serve`), the process above each run (`supervise`), and its version.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/build.h"
#include "agent/supervisor.h"

namespace {

int serve(const std::vector<std::string>& arguments) {
  std::string error;
  agent::Settings settings = agent::parse_settings(arguments, error);
  if (!error.empty()) {
    std::fprintf(stderr, "forge-agent: %s\n%s", error.c_str(), std::string(agent::serve_usage()).c_str());
    return 2;
  }
  agent::Agent agent(std::move(settings));
  if (error = agent.prepare(); !error.empty()) {
    std::fprintf(stderr, "forge-agent: %s\n", error.c_str());
    return 1;
  }
  return agent.run();
}

}  // namespace

int main(int count, char** values) {
  std::vector<std::string> arguments(values + 1, values + count);
  const std::string mode = arguments.empty() ? "" : arguments.front();
  if (mode == "serve") {
    return serve({arguments.begin() + 1, arguments.end()});
  }
  if (mode == "supervise" && arguments.size() == 2) {
    ::_exit(agent::supervise(std::atoi(arguments[1].c_str())));
  }
  if (mode == "version") {
    std::puts(agent::kBuild);
    return 0;
  }
  std::fprintf(stderr, "%s", std::string(agent::serve_usage()).c_str());
  return 2;
}
