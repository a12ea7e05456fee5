#pragma once

// Between the agent protocol's messages and this folder's values.

#include "base/result.h"
#include "execution/execution_service.h"
#include "sandbox/agent_link.h"

namespace execution {

Info info_of(const wire::ExecutionInfo& message);
Event event_of(sandbox::AttachmentEvent event);

// The sandbox's error in this folder's terms, its sentence kept.
base::Error error_of(const base::Error& error);

// The connection ended before the answer came.
bool is_lost(const base::Error& error);
// Of a connection that could not be made: the sandbox does not run.
bool is_stopped(const base::Error& error);
base::Error not_running();

}  // namespace execution
