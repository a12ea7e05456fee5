#include "gateway/events/contract_session.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "accounts/account_store_fake.h"
#include "base/run_to_end.h"
#include "execution/execution_service_fake.h"
#include "gateway/events/events_gateway.h"
#include "socketio/socket_fake.h"

namespace gateway::events {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using execution::Status;

// The contract's events over fakes, on one io_context that runs until nothing is left to do.
class ContractSessionTest : public testing::Test {
 protected:
  ContractSessionTest() {
    accounts_ = std::make_shared<accounts::AccountService>(std::make_shared<accounts::FakeAccountStore>(),
                                                           accounts::OpenMode::on);
    add_account("alice", std::nullopt);
    add_account("bob", "correct horse");
  }

  void TearDown() override {
    for (const auto& socket : sockets_) socket->leave();
    run();
  }

  void add_account(const std::string& name, std::optional<std::string> password) {
    const auto registered =
        base::run_to_end(context_, accounts_->register_account(name, name + "@x", std::move(password)));
    EXPECT_TRUE(registered);
  }

  std::string log_in(const std::string& name, std::optional<std::string> password) {
    const auto login = base::run_to_end(context_, accounts_->login(name + "@x", std::move(password)));
    EXPECT_TRUE(login);
    return login ? login->token : "";
  }

  // Returns when everything waits for the test: only passwords are verified on another thread, and run_to_end waits.
  void run() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }

  // Events may already be queued when it returns.
  std::shared_ptr<socketio::FakeSocket> connect(const std::string& token = "") {
    socketio::Handshake handshake;
    if (!token.empty()) handshake.headers["cookie"] = "forge_login=" + token;
    auto socket = std::make_shared<socketio::FakeSocket>(context_.get_executor(), std::move(handshake));
    FakeServer server;
    serve_events(server, {.accounts = accounts_, .executions = executions_}, runs_);
    server.handler(socket);
    sockets_.push_back(socket);
    return socket;
  }

  static json::array execute(std::string_view code, std::string_view container) {
    return {json::object{{"command", code}, {"container_id", container}}};
  }
  static json::array input(std::string_view text) { return {json::object{{"input", text}}}; }

  static std::vector<std::string> events_of(const socketio::FakeSocket& socket) {
    std::vector<std::string> names;
    for (const auto& sent : socket.sent) names.push_back(sent.event);
    return names;
  }
  static std::string output_of(const socketio::FakeSocket& socket) {
    std::string text;
    for (const auto& sent : socket.sent) {
      if (sent.event == "command_output") text += std::string(sent.arguments.at(0).at("output").as_string());
    }
    return text;
  }

  using Names = std::vector<std::string>;

  struct FakeServer final : socketio::Server {
    std::function<void(std::shared_ptr<socketio::Socket>)> handler;

    void on_connection(std::function<void(std::shared_ptr<socketio::Socket>)> with) override {
      handler = std::move(with);
    }
    void allow_request(std::function<std::string(const socketio::Request&)>) override {}
    bool handles(const socketio::Request&) const override { return false; }
    asio::awaitable<socketio::Response> handle(socketio::Request, std::string) override {
      co_return socketio::Response{};
    }
    asio::awaitable<void> handle_upgrade(asio::ip::tcp::socket, socketio::Request, std::string, std::string) override {
      co_return;
    }
    std::size_t connections() const override { return 0; }
    void shutdown() override {}
  };

  asio::io_context context_{1};
  std::shared_ptr<accounts::AccountService> accounts_;
  std::shared_ptr<execution::FakeExecutionService> executions_ = std::make_shared<execution::FakeExecutionService>();
  std::shared_ptr<ContractRuns> runs_ = std::make_shared<ContractRuns>();
  std::vector<std::shared_ptr<socketio::FakeSocket>> sockets_;
};

TEST_F(ContractSessionTest, RunsCodeAndTellsItsEnd) {
  const auto socket = connect();
  socket->receive("execute_command", execute("print(1)", "alice"));
  run();
  ASSERT_EQ(executions_->runs.size(), 1U);
  EXPECT_EQ(executions_->runs[0]->code, "print(1)");
  executions_->runs[0]->print("1\n");
  executions_->runs[0]->end(Status::exited);
  run();
  EXPECT_EQ(events_of(*socket), (Names{"command_started", "command_output", "command_complete"}));
  EXPECT_EQ(output_of(*socket), "1\n");
  EXPECT_TRUE(socket->sent.back().arguments.empty());
}

TEST_F(ContractSessionTest, SaysWhyARunDidNotEndByItself) {
  const auto socket = connect();
  socket->receive("execute_command", execute("x", "alice"));
  run();
  executions_->runs[0]->print("half a line");
  executions_->runs[0]->end(Status::out_of_memory, "out of memory");
  run();
  EXPECT_EQ(output_of(*socket), "half a line\nout of memory\n");
  EXPECT_EQ(events_of(*socket).back(), "command_complete");
}

TEST_F(ContractSessionTest, AnswersInputWithNothingRunning) {
  const auto socket = connect();
  socket->receive("send_stdin", input("42"));
  run();
  EXPECT_EQ(output_of(*socket), "No running command is available for input.\n");
  EXPECT_EQ(events_of(*socket), (Names{"command_output", "command_complete"}));
}

TEST_F(ContractSessionTest, KeepsInputThatComesBeforeTheStart) {
  const auto socket = connect();
  socket->receive("execute_command", execute("input()", "alice"));
  socket->receive("send_stdin", input("one"));
  socket->receive("send_stdin", input("two"));
  run();
  EXPECT_EQ(executions_->runs[0]->input, "one\ntwo\n");
}

TEST_F(ContractSessionTest, SaysNothingMoreOfAReplacedRun) {
  const auto socket = connect();
  socket->receive("execute_command", execute("first", "alice"));
  run();
  socket->receive("execute_command", execute("second", "alice"));
  executions_->runs[0]->print("late");
  run();
  ASSERT_EQ(executions_->runs.size(), 2U);
  EXPECT_EQ(executions_->runs[0]->info.status, Status::stopped);
  executions_->runs[1]->print("second\n");
  executions_->runs[1]->end(Status::exited);
  run();
  EXPECT_EQ(output_of(*socket), "second\n");
  EXPECT_EQ(events_of(*socket), (Names{"command_started", "command_started", "command_output", "command_complete"}));
}

TEST_F(ContractSessionTest, RefusesWhatIsNoRequestAndGoesOn) {
  const auto socket = connect();
  for (const json::array& bad : {json::array{}, json::array{1}, json::array{json::object{{"command", 1}}}}) {
    socket->sent.clear();
    socket->receive("execute_command", bad);
    run();
    EXPECT_EQ(events_of(*socket), (Names{"command_output", "command_complete"}));
  }
  EXPECT_TRUE(executions_->runs.empty());
}

TEST_F(ContractSessionTest, ReachesAnAccountWithAPasswordOnlyByItsLogin) {
  const auto stranger = connect();
  stranger->receive("execute_command", execute("x", "bob"));
  run();
  EXPECT_TRUE(executions_->runs.empty());
  EXPECT_EQ(events_of(*stranger), (Names{"command_output", "command_complete"}));

  const auto owner = connect(log_in("bob", "correct horse"));
  owner->receive("execute_command", execute("x", "bob"));
  run();
  ASSERT_EQ(executions_->runs.size(), 1U);
  EXPECT_EQ(executions_->runs[0]->sandbox, "bob");
}

TEST_F(ContractSessionTest, ALoginDoesNotReachAnothersSandbox) {
  const auto bob = connect(log_in("bob", "correct horse"));
  bob->receive("execute_command", execute("x", "alice"));
  run();
  EXPECT_TRUE(executions_->runs.empty());
  EXPECT_EQ(events_of(*bob).back(), "command_complete");
}

TEST_F(ContractSessionTest, TheSameLoginsNextSocketGetsTheRest) {
  const std::string token = log_in("bob", "correct horse");
  const auto first = connect(token);
  first->receive("execute_command", execute("x", "bob"));
  run();
  executions_->runs[0]->print("one\n");
  run();
  first->leave();
  run();
  executions_->runs[0]->print("two\n");
  const auto second = connect(token);
  second->receive("send_stdin", input("42"));
  run();
  EXPECT_EQ(output_of(*first), "one\n");
  EXPECT_EQ(output_of(*second), "two\n");
  EXPECT_EQ(executions_->runs[0]->input, "42\n");
  executions_->runs[0]->end(Status::exited);
  run();
  EXPECT_EQ(events_of(*second), (Names{"command_output", "command_complete"}));

  const auto third = connect(token);
  run();
  EXPECT_TRUE(third->sent.empty()) << "the end was told once";
}

TEST_F(ContractSessionTest, AnEndThatNobodySawIsToldToTheNextSocket) {
  const std::string token = log_in("bob", "correct horse");
  const auto first = connect(token);
  first->receive("execute_command", execute("x", "bob"));
  run();
  first->leave();
  run();
  executions_->runs[0]->end(Status::exited);
  const auto second = connect(token);
  run();
  EXPECT_EQ(events_of(*second), (Names{"command_complete"}));
}

TEST_F(ContractSessionTest, TheNextCommandStopsRunsThatLostTheirSocket) {
  const auto first = connect();
  first->receive("execute_command", execute("first", "alice"));
  run();
  first->leave();
  run();
  const auto second = connect();
  second->receive("execute_command", execute("second", "alice"));
  run();
  ASSERT_EQ(executions_->runs.size(), 2U);
  EXPECT_EQ(executions_->runs[0]->info.status, Status::stopped);
  EXPECT_EQ(executions_->runs[1]->info.status, Status::running);
}

TEST_F(ContractSessionTest, TwoSocketsOfOneAccountRunSideBySide) {
  const auto first = connect();
  const auto second = connect();
  first->receive("execute_command", execute("first", "alice"));
  run();
  second->receive("execute_command", execute("second", "alice"));
  run();
  EXPECT_EQ(executions_->runs[0]->info.status, Status::running);
  EXPECT_EQ(executions_->runs[1]->info.status, Status::running);
}

TEST_F(ContractSessionTest, SaysWhyARunCannotStart) {
  executions_->start_failure = "The sandbox did not start: no room.";
  const auto socket = connect();
  socket->receive("execute_command", execute("x", "alice"));
  run();
  EXPECT_EQ(output_of(*socket), "The sandbox did not start: no room.\n");
  EXPECT_EQ(events_of(*socket).back(), "command_complete");
}

TEST_F(ContractSessionTest, ExecutionEventsGoOnlyToSocketsThatAsked) {
  const auto contract = connect();
  const auto ours = connect(log_in("bob", "correct horse"));
  json::value answer;
  ours->receive("execution_start", {json::object{{"code", "print(1)"}}},
                [&answer](json::array arguments) { answer = arguments.at(0); });
  run();
  ASSERT_TRUE(answer.at("ok").as_bool()) << answer;
  executions_->runs[0]->print("\xE2\x82");
  run();
  executions_->runs[0]->print("\xAC\n");
  executions_->runs[0]->end(Status::exited);
  run();
  EXPECT_TRUE(contract->sent.empty());
  EXPECT_EQ(events_of(*ours), (Names{"execution_started", "execution_output", "execution_ended"}));
  const auto& output = ours->sent[1].arguments.at(0);
  EXPECT_EQ(output.at("text").as_string(), "\xE2\x82\xAC\n");
  EXPECT_EQ(output.at("offset").as_int64(), 0);
  EXPECT_EQ(output.at("next").at("stdout").as_int64(), 4);
}

}  // namespace
}  // namespace gateway::events
