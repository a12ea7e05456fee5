#pragma once

// A Watch over a sandbox's agent that outlives the connection to it.

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "execution/execution_service.h"
#include "execution/sandbox_links.h"

namespace execution {

boost::asio::awaitable<base::Result<std::unique_ptr<Watch>>> make_watch(std::shared_ptr<SandboxLinks> links,
                                                                        std::string sandbox, std::string id,
                                                                        std::uint64_t from, std::string reader);

// Over an attachment that is there, from offset 0.
std::unique_ptr<Watch> make_watch(std::shared_ptr<SandboxLinks> links, std::string sandbox, std::string reader,
                                  sandbox::AgentLink::Attached attached);

}  // namespace execution
