// forge: the server and what one does with it from a shell.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

#include "server/commands.h"
#include "server/dotenv.h"
#include "server/settings.h"

int main(int argc, char** argv) {
  try {
    for (const std::string& line : server::load_dotenv(".env")) std::fprintf(stderr, "%s\n", line.c_str());
    server::Settings settings;
    CLI::App app{"PyRuntime Forge: Python from the browser, in a sandbox of one's own"};
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("forge ") + FORGE_VERSION);
    CLI::App* serve = app.add_subcommand("serve", "serve the page and its programs until Ctrl-C");
    CLI::App* down = app.add_subcommand("down", "stop every sandbox of this data folder; files stay");
    CLI::App* doctor = app.add_subcommand("doctor", "say what this machine lacks");
    for (CLI::App* command : {serve, down, doctor}) server::add_settings(*command, settings);
    CLI11_PARSE(app, argc, argv);
    server::complete(settings, std::filesystem::read_symlink("/proc/self/exe"));
    if (serve->parsed()) return server::serve(settings);
    if (down->parsed()) return server::stop_sandboxes(settings);
    return server::doctor(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forge: %s\n", error.what());
    return 1;
  }
}
