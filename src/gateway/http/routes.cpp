#include "gateway/http/routes.h"

#include <boost/beast/http/verb.hpp>

#include "accounts/limits.h"
#include "gateway/http/answers.h"
#include "gateway/http/json_body.h"

namespace gateway::http {
namespace {

using boost::asio::awaitable;
using boost::beast::http::field;
using boost::beast::http::verb;

std::string path_of(const Request& request) {
  const auto target = request.target();
  return std::string(target.substr(0, target.find('?')));
}

bool is_read(const Request& request) {
  return request.method() == verb::get || request.method() == verb::head;
}

Response wrong_method(const Request& request, std::string_view allowed) {
  Response response = error_answer(
      request, Status::method_not_allowed,
      "This address takes " + std::string(allowed) + ", not " + std::string(request.method_string()) + ".");
  response.set(field::allow, {allowed.data(), allowed.size()});
  return response;
}

std::optional<std::string> token_of(const Request& request) {
  return login_token(std::string(request[field::cookie]));
}

Status status_of(const boost::system::error_code& code) {
  using accounts::LoginErrc;
  if (code == BodyErrc::invalid || code == accounts::Errc::invalid) return Status::bad_request;
  if (code == LoginErrc::unknown_email || code == accounts::Errc::not_found) return Status::not_found;
  if (code == LoginErrc::wrong_credentials) return Status::unauthorized;
  return Status::service_unavailable;
}

}  // namespace

Routes::Routes(RoutesOptions options) : options_(std::move(options)), page_(options_.page_folder) {}

awaitable<Response> Routes::answer(Request request) const {
  using Handler = awaitable<Response> (Routes::*)(const Request&) const;
  struct Route {
    std::string_view path;
    verb method;
    Handler handler;
  };
  static constexpr Route kRoutes[] = {
      {"/register", verb::post, &Routes::register_account},
      {"/login", verb::post, &Routes::login},
      {"/logout", verb::post, &Routes::logout},
      {"/api/v1/account", verb::get, &Routes::account},
      {"/healthz", verb::get, &Routes::health},
  };
  const std::string path = path_of(request);
  if (!path.starts_with('/')) {
    co_return error_answer(request, Status::bad_request, "The request's target must be a path, such as /login.");
  }
  for (const Route& route : kRoutes) {
    if (path != route.path) continue;
    const bool readable = route.method == verb::get;
    if (readable ? !is_read(request) : request.method() != route.method) {
      co_return wrong_method(request, readable ? "GET, HEAD" : "POST");
    }
    co_return co_await (this->*route.handler)(request);
  }
  if (!is_read(request)) {
    // Where there is no file the answer to any method is 404.
    const Response page = page_.answer(request, path);
    if (page.result() == Status::not_found) co_return page;
    co_return wrong_method(request, "GET, HEAD");
  }
  co_return page_.answer(request, path);
}

awaitable<Response> Routes::register_account(const Request& request) const {
  const auto body = JsonBody::parse(request.body());
  if (!body) co_return failure(request, body.error());
  auto username = body->text("username");
  if (!username) co_return failure(request, username.error());
  auto email = body->text("email");
  if (!email) co_return failure(request, email.error());
  auto password = body->optional_text("password");
  if (!password) co_return failure(request, password.error());
  if (!options_.no_sandboxes.empty()) {
    co_return error_answer(request, Status::service_unavailable, options_.no_sandboxes);
  }
  auto registration = co_await options_.accounts->register_account(*username, std::move(*email), std::move(*password));
  if (!registration) co_return failure(request, registration.error());
  if (registration->created && options_.on_registered) options_.on_registered(std::move(registration->account));
  co_return json_answer(request, Status::ok, {{"message", "User " + *username + " registered successfully."}});
}

awaitable<Response> Routes::login(const Request& request) const {
  const auto body = JsonBody::parse(request.body());
  if (!body) co_return failure(request, body.error());
  auto email = body->text("email");
  if (!email) co_return failure(request, email.error());
  auto password = body->optional_text("password");
  if (!password) co_return failure(request, password.error());
  const auto login = co_await options_.accounts->login(std::move(*email), std::move(*password));
  if (!login) co_return failure(request, login.error());
  Response response = json_answer(request, Status::ok, {{"container_id", login->account.container_id}});
  response.set(field::set_cookie, login_cookie(login->token, accounts::kLoginLifetime, options_.cookie_security));
  co_return response;
}

awaitable<Response> Routes::logout(const Request& request) const {
  if (auto token = token_of(request)) {
    const auto removed = co_await options_.accounts->logout(std::move(*token));
    if (!removed) co_return failure(request, removed.error());
  }
  Response response = json_answer(request, Status::ok, {{"message", "Logged out."}});
  response.set(field::set_cookie, expired_login_cookie(options_.cookie_security));
  co_return response;
}

awaitable<Response> Routes::account(const Request& request) const {
  auto token = token_of(request);
  if (!token) co_return error_answer(request, Status::unauthorized, "You are not logged in.");
  const auto account = co_await options_.accounts->account_of(std::move(*token));
  if (!account && account.error().code == accounts::Errc::not_found) {
    co_return error_answer(request, Status::unauthorized, "Your login has ended; log in again.");
  }
  if (!account) co_return failure(request, account.error());
  co_return json_answer(request, Status::ok,
                        {{"username", account->username},
                         {"email", account->email},
                         {"container_id", account->container_id},
                         {"has_password", !account->password_hash.empty()}});
}

awaitable<Response> Routes::health(const Request& request) const {
  co_return json_answer(request, Status::ok, {{"status", "ok"}});
}

Response Routes::failure(const Request& request, const base::Error& error) const {
  const Status status = status_of(error.code);
  if (status == Status::service_unavailable && options_.log) {
    options_.log(base::LogLevel::error, error.code.message() + ": " + error.message());
  }
  return error_answer(request, status, error.message());
}

}  // namespace gateway::http
