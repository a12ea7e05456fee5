// The events of docs/protocol.md. Types only.

export type Status =
  | "starting"
  | "running"
  | "exited"
  | "signaled"
  | "stopped"
  | "timed_out"
  | "out_of_memory"
  | "sandbox_stopped"
  | "sandbox_lost"
  | "start_failed";

export interface Usage {
  wall_ms: number;
  cpu_ms: number;
  memory_peak_bytes: number;
}

export interface Execution {
  id: string;
  status: Status;
  exit_code: number | null;
  signal: number | null;
  reason: string;
  usage: Usage;
  output_begin: number;
  output_end: number;
  input_end: number;
  input_closed: boolean;
  started_ms: number;
}

/** How far each stream was received: what an attach gives back as `from`. */
export interface Position {
  stdout: number;
  stderr: number;
}

export type Stream = keyof Position;

export interface Failure {
  code: string;
  message: string;
}

export type Answer<T> = ({ ok: true } & T) | { ok: false; error: Failure };

/** What each request takes and what its acknowledgement adds. */
export interface Requests {
  execution_start: { takes: { code: string; execution_id: string }; gives: { execution: Execution } };
  execution_attach: { takes: { execution_id: string; from: Position }; gives: { execution: Execution } };
  execution_ack: { takes: { execution_id: string; offset: number }; gives: object };
  execution_input: { takes: { execution_id: string; text: string; offset: number }; gives: { offset: number } };
  execution_end_input: { takes: { execution_id: string }; gives: object };
  execution_interrupt: { takes: { execution_id: string }; gives: { execution: Execution } };
  execution_stop: { takes: { execution_id: string }; gives: { execution: Execution } };
  execution_list: { takes: object; gives: { executions: Execution[] } };
}

export interface OutputEvent {
  execution_id: string;
  stream: Stream;
  offset: number;
  text: string;
  next: Position;
}

export interface GapEvent {
  execution_id: string;
  offset: number;
  bytes: number;
  next: Position;
}

export interface EndedEvent {
  execution_id: string;
  execution: Execution;
}

export interface ServerEvents {
  sandbox_starting: (event: { text: string }) => void;
  execution_started: (event: { execution_id: string }) => void;
  execution_output: (event: OutputEvent) => void;
  execution_gap: (event: GapEvent) => void;
  execution_ended: (event: EndedEvent) => void;
}

export interface Account {
  username: string;
  email: string;
  container_id: string;
  has_password: boolean;
}
