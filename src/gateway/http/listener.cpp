#include "gateway/http/listener.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/http/connection.h"

namespace gateway::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "listener"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::invalid_address:
        return "the address cannot be listened on";
      case Errc::address_in_use:
        return "the port is taken";
      case Errc::cannot_listen:
        return "the port cannot be listened on";
    }
    return "unknown error";
  }
};

base::Error bind_error(const tcp::endpoint& endpoint, const boost::system::error_code& error) {
  const std::string port = std::to_string(endpoint.port());
  if (error == asio::error::address_in_use) {
    return base::fail(Errc::address_in_use, "Port " + port + " of " + endpoint.address().to_string() +
                                                " is taken by another program: set PORT to another one, or end it.");
  }
  if (error == asio::error::access_denied) {
    return base::fail(Errc::cannot_listen,
                      "Port " + port + " needs rights that this user has not: set PORT to one above 1023.");
  }
  return base::fail(Errc::cannot_listen, "Cannot listen on " + endpoint.address().to_string() + ", port " + port +
                                             ": " + error.message() + ". FORGE_LISTEN and PORT change them.");
}

base::Result<tcp::acceptor> bind(const asio::any_io_executor& executor, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(executor);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return bind_error(endpoint, error);
  return acceptor;
}

class AsioListener final : public Listener, public std::enable_shared_from_this<AsioListener> {
 public:
  AsioListener(std::vector<asio::any_io_executor> executors, tcp::acceptor acceptor, const ListenerOptions& options,
               ListenerParts parts)
      : executors_(std::move(executors)),
        acceptor_(std::move(acceptor)),
        endpoint_(acceptor_.local_endpoint()),
        group_(std::make_shared<ConnectionGroup>(options, std::move(parts))) {}

  tcp::endpoint endpoint() const override { return endpoint_; }
  std::size_t connections() const override { return group_->size(); }

  void start() override { asio::co_spawn(executors_.front(), accept(shared_from_this()), asio::detached); }

  void stop() override {
    asio::post(executors_.front(), [self = shared_from_this()] {
      boost::system::error_code ignored;
      self->acceptor_.close(ignored);
      self->retry_.cancel();
    });
    group_->stop();
  }

 private:
  // Owns the listener for as long as it accepts.
  static asio::awaitable<void> accept(std::shared_ptr<AsioListener> self) {
    std::size_t turn = 0;
    while (self->acceptor_.is_open()) {
      const asio::any_io_executor executor = self->executors_[turn++ % self->executors_.size()];
      boost::system::error_code error;
      tcp::socket socket =
          co_await self->acceptor_.async_accept(executor, asio::redirect_error(asio::use_awaitable, error));
      if (!error) {
        self->group_->begin(std::move(socket), executor);
      } else if (self->acceptor_.is_open() && error != asio::error::connection_aborted) {
        // No file descriptors are left, as a rule: wait until some connection has ended.
        self->group_->log(base::LogLevel::error, "cannot accept a connection: " + error.message());
        self->retry_.expires_after(std::chrono::milliseconds(100));
        co_await self->retry_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      }
    }
  }

  std::vector<asio::any_io_executor> executors_;
  tcp::acceptor acceptor_;
  tcp::endpoint endpoint_;
  asio::steady_timer retry_{acceptor_.get_executor()};
  std::shared_ptr<ConnectionGroup> group_;
};

}  // namespace

boost::system::error_code make_error_code(Errc code) {
  static const Category category;
  return {static_cast<int>(code), category};
}

base::Result<tcp::endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) {
    return base::fail(Errc::invalid_address, "\"" + address +
                                                 "\" is not an address to listen on: set FORGE_LISTEN to one such as "
                                                 "127.0.0.1, 0.0.0.0 or ::1.");
  }
  return tcp::endpoint(parsed, port);
}

base::Result<std::shared_ptr<Listener>> listen(std::vector<asio::any_io_executor> executors,
                                               const ListenerOptions& options, ListenerParts parts) {
  const auto endpoint = endpoint_of(options.address, options.port);
  if (!endpoint) return endpoint.error();
  auto acceptor = bind(executors.front(), *endpoint);
  if (!acceptor) return acceptor.error();
  return std::make_shared<AsioListener>(std::move(executors), std::move(*acceptor), options, std::move(parts));
}

}  // namespace gateway::http
