import type { Execution } from "../transport/protocol";

/** For tests: a running execution, but for what is given. */
export function execution(fields: Partial<Execution> = {}): Execution {
  return {
    id: "run1",
    status: "running",
    exit_code: null,
    signal: null,
    reason: "",
    usage: { wall_ms: 0, cpu_ms: 0, memory_peak_bytes: 0 },
    output_begin: 0,
    output_end: 0,
    input_end: 0,
    input_closed: false,
    started_ms: 0,
    ...fields,
  };
}
