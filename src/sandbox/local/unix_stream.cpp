#include "sandbox/local/unix_stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/local/unique_fd.h"
#include "sandbox/socket_stream.h"
#include "sandbox/spawner.h"

namespace sandbox::local {
namespace {

namespace asio = boost::asio;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// A socket's address has 107 bytes; a path through a descriptor of its folder fits always.
struct Way {
  UniqueFd folder;
  std::string path;
};

Way way_to(const std::string& folder, const std::string& name) {
  Way way;
  way.folder = UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  // Never a link: the sandbox's own root could lead the server elsewhere with one.
  if (way.folder && ::fstatat(way.folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISSOCK(status.st_mode)) {
    way.path = "/proc/self/fd/" + std::to_string(way.folder.get()) + "/" + name;
  }
  return way;
}

}  // namespace

asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> connect_unix(std::string folder, std::string name) {
  const Way way = way_to(folder, name);
  if (way.path.empty()) co_return base::fail(Errc::lost, "the sandbox is not running");
  asio::local::stream_protocol::socket socket(co_await asio::this_coro::executor);
  const auto [error] = co_await socket.async_connect(asio::local::stream_protocol::endpoint(way.path), kAsTuple);
  if (error) co_return base::fail(Errc::lost, "the sandbox does not answer: " + error.message());
  co_return make_socket_stream(std::move(socket));
}

bool is_listening(const std::string& folder, const std::string& name) {
  const Way way = way_to(folder, name);
  if (way.path.empty()) return false;
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, way.path.c_str(), sizeof address.sun_path - 1);
  // EAGAIN: its queue is full, so it lives.
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

}  // namespace sandbox::local
