#include "agent/fork_server_source.h"

// FORGE_FORK_SERVER_PATH is the file's path, from CMake.
asm(".section .rodata\n"
    "fork_server_begin:\n"
    ".incbin \"" FORGE_FORK_SERVER_PATH
    "\"\n"
    "fork_server_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char fork_server_begin[];
extern const char fork_server_end[];
}

namespace agent {

std::string_view fork_server_source() {
  return {fork_server_begin, static_cast<std::size_t>(fork_server_end - fork_server_begin)};
}

}  // namespace agent
