#pragma once

namespace agent {

inline constexpr const char* kBuild = "forge-agent " FORGE_VERSION;

}  // namespace agent
