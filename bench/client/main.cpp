// forge_bench_client: takes one figure from a Socket.IO server and prints it as one line of JSON.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "client/socketio_client.h"

namespace {

using bench::SocketIoClient;
using Clock = SocketIoClient::Clock;

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string container;
};

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

void print_times(const char* name, std::vector<double> times, const char* end) {
  std::sort(times.begin(), times.end());
  const auto at = [&times](double share) {
    return times[std::min(times.size() - 1, static_cast<std::size_t>(share * static_cast<double>(times.size())))];
  };
  std::printf("\"%s\": {\"p50\": %.4f, \"p99\": %.4f, \"n\": %zu}%s", name, at(0.5), at(0.99), times.size(), end);
}

std::string execute_event(const Target& target, std::string_view code) {
  return R"(["execute_command",{"command":)" + json_text(code) + R"(,"container_id":)" + json_text(target.container) +
         "}]";
}

// Time from sending code to its first output and to its end, n times, each `pause` after the end of the one before.
void measure_runs(const Target& target, const std::string& code, int count, int warm_up,
                  std::chrono::milliseconds pause) {
  SocketIoClient client(target.host, target.port, "");
  const std::string event = execute_event(target, code);
  std::vector<double> first;
  std::vector<double> complete;
  for (int i = 0; i < count + warm_up; ++i) {
    std::this_thread::sleep_for(pause);
    const auto begin = Clock::now();
    client.emit(event);
    double first_output = -1;
    while (true) {
      const std::string_view got = client.next_event();
      if (first_output < 0 && got.starts_with(R"(["command_output")"))
        first_output = milliseconds(Clock::now() - begin);
      if (got.starts_with(R"(["command_complete")")) break;
    }
    if (first_output < 0) throw std::runtime_error("the run printed nothing");
    if (i < warm_up) continue;
    first.push_back(first_output);
    complete.push_back(milliseconds(Clock::now() - begin));
  }
  std::printf("{");
  print_times("first_output_ms", first, ", ");
  print_times("complete_ms", complete, "}\n");
}

// One run that prints `bytes` bytes, to one client.
void measure_output(const Target& target, const std::string& code, double bytes) {
  SocketIoClient client(target.host, target.port, "");
  client.emit(execute_event(target, code));
  Clock::time_point begin;
  std::size_t received = 0;
  std::size_t events = 0;
  while (true) {
    const std::string_view got = client.next_event();
    if (got.starts_with(R"(["command_complete")")) break;
    if (!got.starts_with(R"(["command_output")")) continue;
    if (events++ == 0) begin = Clock::now();
    received += got.size();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (static_cast<double>(received) < bytes) throw std::runtime_error("output is missing: " + std::to_string(received));
  std::printf("{\"mb_per_s\": %.1f, \"events\": %zu}\n", bytes / 1e6 / seconds, events);
}

void measure_echo(const Target& target, int count) {
  SocketIoClient client(target.host, target.port, "");
  std::vector<double> times;
  for (int i = 0; i < count + 200; ++i) {
    const auto begin = Clock::now();
    client.emit(R"(["message","hello"])");
    while (!client.next_event().starts_with(R"(["message-back")")) {
    }
    if (i >= 200) times.push_back(milliseconds(Clock::now() - begin));
  }
  std::printf("{");
  print_times("echo_ms", times, "}\n");
}

// Opens `count` connections, says how fast, and holds them until standard input ends.
void hold_connections(const Target& target, int count) {
  std::vector<std::unique_ptr<SocketIoClient>> held;
  const auto begin = Clock::now();
  for (int i = 0; i < count; ++i) held.push_back(std::make_unique<SocketIoClient>(target.host, target.port, ""));
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("{\"connections\": %d, \"per_second\": %.0f}\n", count, count / seconds);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

std::string file_text(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int usage() {
  std::fprintf(stderr,
               "forge_bench_client PORT CONTAINER runs FILE COUNT WARM_UP PAUSE_MS\n"
               "forge_bench_client PORT CONTAINER output FILE BYTES\n"
               "forge_bench_client PORT - echo COUNT\n"
               "forge_bench_client PORT - hold COUNT\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 5) return usage();
    Target target;
    target.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    target.container = argv[2];
    const std::string_view what = argv[3];
    if (what == "runs" && argc == 8) {
      measure_runs(target, file_text(argv[4]), std::atoi(argv[5]), std::atoi(argv[6]),
                   std::chrono::milliseconds(std::atoi(argv[7])));
    } else if (what == "output" && argc == 6) {
      measure_output(target, file_text(argv[4]), std::atof(argv[5]));
    } else if (what == "echo") {
      measure_echo(target, std::atoi(argv[4]));
    } else if (what == "hold") {
      hold_connections(target, std::atoi(argv[4]));
    } else {
      return usage();
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forge_bench_client: %s\n", error.what());
    return 1;
  }
}
