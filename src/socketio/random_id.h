#pragma once

#include <string>

namespace socketio {

// 120 random bits from the kernel as 20 characters of base64url: cannot be guessed, is not used twice.
std::string random_id();

}  // namespace socketio
