#pragma once

// ContractSession: one socket's side of the contract: execute_command and send_stdin in, command_started,
// command_output and command_complete out. These three are spelled here and nowhere else.

#include <deque>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>

#include "execution/execution_service.h"
#include "gateway/events/contract_runs.h"
#include "gateway/events/identity.h"
#include "gateway/events/output_pump.h"
#include "socketio/server.h"

namespace gateway::events {

// Used on the socket's executor. At most one run is current; a run that was replaced says nothing more.
class ContractSession : public std::enable_shared_from_this<ContractSession> {
 public:
  ContractSession(std::shared_ptr<socketio::Socket> socket, std::shared_ptr<Identity> identity,
                  std::shared_ptr<execution::ExecutionService> executions, std::shared_ptr<ContractRuns> runs);

  void begin();  // takes up a run of the same login that lost its socket
  void execute_command(const boost::json::array& arguments);
  void send_stdin(const boost::json::array& arguments);
  void disconnected();

 private:
  class Run;
  class RunOutput;

  boost::asio::awaitable<void> execute(std::shared_ptr<Run> run, std::shared_ptr<Run> replaced, std::string code);
  boost::asio::awaitable<base::Result<accounts::Account>> authorise(std::shared_ptr<Run> run);
  boost::asio::awaitable<void> stop_earlier(std::shared_ptr<Run> run, std::shared_ptr<Run> replaced);
  boost::asio::awaitable<void> carry_output(std::shared_ptr<Run> run, std::unique_ptr<execution::Watch> watch,
                                            Position from);
  boost::asio::awaitable<void> resume();
  boost::asio::awaitable<void> write_input(std::shared_ptr<Run> run);
  boost::asio::awaitable<void> tell_start(std::shared_ptr<Run> run);
  sandbox::Progress progress_of(const std::shared_ptr<Run>& run);

  void add_input(const std::shared_ptr<Run>& run, std::string text);
  void adopt(const std::shared_ptr<Run>& run);
  void say_start_cause(const std::shared_ptr<Run>& run, std::string cause);
  void refuse(const std::shared_ptr<Run>& run, const std::string& why);
  void complete(const std::shared_ptr<Run>& run);
  bool is_current(const std::shared_ptr<Run>& run) const { return run == current_; }

  void emit_output(std::string_view bytes);
  void emit_line(std::string_view sentence);
  void emit_complete();

  std::shared_ptr<socketio::Socket> socket_;
  std::shared_ptr<Identity> identity_;
  std::shared_ptr<execution::ExecutionService> executions_;
  std::shared_ptr<ContractRuns> runs_;
  std::shared_ptr<Run> current_;
  bool resuming_ = false;
  std::string resumed_input_;  // came while a run to take up was looked for
};

}  // namespace gateway::events
