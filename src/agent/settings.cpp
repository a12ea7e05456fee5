#include "agent/settings.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

namespace agent {
namespace {

template <class T>
bool parse_number(const std::string& text, T& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size();
}

using Setter = std::function<bool(const std::string& value)>;

std::map<std::string, Setter> setters(Settings& settings) {
  const auto text = [](std::string& to) {
    return [&to](const std::string& value) {
      to = value;
      return !value.empty();
    };
  };
  const auto number = [](auto& to) { return [&to](const std::string& value) { return parse_number(value, to); }; };
  const auto duration = [](auto& to) {
    return [&to](const std::string& value) {
      std::uint32_t count = 0;
      const bool fine = parse_number(value, count);
      to = std::remove_reference_t<decltype(to)>(count);
      return fine;
    };
  };
  return {
      {"--socket", text(settings.socket)},
      {"--journal", text(settings.journal_dir)},
      {"--home", text(settings.home)},
      {"--supervisor", text(settings.supervisor)},
      {"--python", text(settings.python)},
      {"--uid", number(settings.uid)},
      {"--gid", number(settings.gid)},
      {"--memory-max", number(settings.memory_bytes_max)},
      {"--processes-max", number(settings.processes_max)},
      {"--oom-kills-before", number(settings.oom_kills_before)},
      {"--journal-bytes", number(settings.journal_bytes_max)},
      {"--journals-bytes", number(settings.journals_bytes_max)},
      {"--idle-stop", duration(settings.idle_stop)},
      {"--run-time-max", duration(settings.run_time_max)},
      {"--env",
       [&settings](const std::string& value) {
         settings.environment.push_back(value);
         return value.find('=') != std::string::npos && value.front() != '=';
       }},
  };
}

}  // namespace

std::string_view serve_usage() {
  return "forge-agent serve --socket PATH --journal DIR --home DIR --supervisor PATH [--uid N] [--gid N]\n"
         "  [--memory-max BYTES] [--processes-max N] [--journal-bytes N] [--journals-bytes N] [--idle-stop SECONDS]\n"
         "  [--oom-kills-before N] [--run-time-max MILLISECONDS] [--python PROGRAM] [--env NAME=VALUE]...\n";
}

Settings parse_settings(const std::vector<std::string>& arguments, std::string& error) {
  Settings settings;
  settings.uid = ::getuid();
  settings.gid = ::getgid();
  const auto known = setters(settings);
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto setter = known.find(arguments[i]);
    if (setter == known.end()) {
      error = "Unknown option " + arguments[i] + ".";
    } else if (i + 1 == arguments.size()) {
      error = "The option " + arguments[i] + " needs a value.";
    } else if (!setter->second(arguments[i + 1])) {
      error = "The option " + arguments[i] + " cannot be " + arguments[i + 1] + ".";
    }
    if (!error.empty()) {
      return settings;
    }
  }
  for (const auto& [name, value] : {std::pair{"--socket", &settings.socket},
                                    {"--journal", &settings.journal_dir},
                                    {"--home", &settings.home},
                                    {"--supervisor", &settings.supervisor}}) {
    if (value->empty()) {
      error = std::string("The option ") + name + " is missing.";
    }
  }
  return settings;
}

std::vector<std::string> run_environment(const Settings& settings) {
  std::vector<std::string> environment{
      "HOME=" + settings.home,
      "USER=user",
      "LOGNAME=user",
      "PATH=" + settings.home + "/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "SHELL=/bin/bash",
      "LANG=C.UTF-8",
  };
  for (const auto& added : settings.environment) {
    const auto name = added.substr(0, added.find('=') + 1);
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name); });
    environment.push_back(added);
  }
  return environment;
}

}  // namespace agent
