#include "socketio/random_id.h"

#include <sys/random.h>

#include <cerrno>
#include <stdexcept>

namespace socketio {

std::string random_id() {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  unsigned char bytes[15];
  ssize_t count;
  do count = getrandom(bytes, sizeof(bytes), 0);
  while (count < 0 && errno == EINTR);
  if (count != sizeof(bytes)) throw std::runtime_error("the kernel gives no random bytes");
  std::string id;
  for (std::size_t i = 0; i < sizeof(bytes); i += 3) {
    const unsigned group = static_cast<unsigned>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) id += kAlphabet[group >> shift & 63];
  }
  return id;
}

}  // namespace socketio
