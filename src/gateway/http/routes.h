#pragma once

// Routes: the contract's HTTP requests, the account's, and the page.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "accounts/account_service.h"
#include "base/log.h"
#include "gateway/http/cookie.h"
#include "gateway/http/door.h"
#include "gateway/http/static_files.h"

namespace gateway::http {

struct RoutesOptions {
  std::shared_ptr<accounts::AccountService> accounts;
  std::function<void(accounts::Account)> on_registered;  // a new account; must return at once
  std::string no_sandboxes;                              // why there is no backend: /register then answers 503
  std::filesystem::path page_folder;                     // web/dist
  CookieSecurity cookie_security = CookieSecurity::plain;
  base::Logger log;
};

class Routes {
 public:
  explicit Routes(RoutesOptions options);

  // The whole answer but for what every answer gets (see Listener). Callable on any thread.
  boost::asio::awaitable<Response> answer(Request request) const;

 private:
  boost::asio::awaitable<Response> register_account(const Request& request) const;
  boost::asio::awaitable<Response> login(const Request& request) const;
  boost::asio::awaitable<Response> logout(const Request& request) const;
  boost::asio::awaitable<Response> account(const Request& request) const;
  boost::asio::awaitable<Response> health(const Request& request) const;
  Response failure(const Request& request, const base::Error& error) const;

  RoutesOptions options_;
  StaticFiles page_;
};

}  // namespace gateway::http
