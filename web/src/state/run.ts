// One run as the page knows it, and how it changes. No I/O: session.ts acts.

import type { Execution, Position } from "../transport/protocol";
import { utf8Length } from "./utf8";

export interface Input {
  offset: number; // in bytes of the run's whole input
  text: string;
}

/** A typed line and the output offset at which it stood on the screen: the program's output does not hold it. */
export interface Echo {
  at: number;
  text: string;
}

export type Phase = "none" | "starting" | "running" | "ended";

export interface Run {
  phase: Phase;
  id: string;
  code: string | null; // until the start is confirmed; it may have to be sent again
  waitingFor: string; // what the start waits for, in the server's words
  execution: Execution | null;
  startedAt: number; // on this machine's clock
  next: Position;
  unsent: Input[]; // typed and not yet confirmed, oldest first
  inputEnd: number; // where the next typed text goes
  inputClosed: boolean;
  echoes: Echo[];
  stopping: boolean;
  failure: string; // why the page cannot say how the run ended
}

export const noRun: Run = {
  phase: "none",
  id: "",
  code: null,
  waitingFor: "",
  execution: null,
  startedAt: 0,
  next: { stdout: 0, stderr: 0 },
  unsent: [],
  inputEnd: 0,
  inputClosed: false,
  echoes: [],
  stopping: false,
  failure: "",
};

/** What survives a reload of the page beside what the server knows. */
export type RunMemory = Pick<Run, "unsent" | "inputEnd" | "echoes">;

export type Action =
  | { type: "submitted"; id: string; code: string; now: number }
  | { type: "waiting"; text: string }
  | { type: "confirmed"; execution: Execution; now: number } // the server told how the run stands
  | { type: "found"; execution: Execution; memory: RunMemory | null; now: number } // after a reload
  | { type: "received"; next: Position }
  | { type: "typed"; text: string }
  | { type: "input_taken"; offset: number }
  | { type: "input_closed" }
  | { type: "stopping" }
  | { type: "stop_failed" }
  | { type: "ended"; execution: Execution }
  | { type: "failed"; message: string };

const ECHOES_MAX = 2000; // the oldest go

export function isActive(run: Run): boolean {
  return run.phase === "starting" || run.phase === "running";
}

export function furthest(next: Position): number {
  return Math.max(next.stdout, next.stderr);
}

export function reduce(run: Run, action: Action): Run {
  switch (action.type) {
    case "submitted":
      return { ...noRun, phase: "starting", id: action.id, code: action.code, startedAt: action.now };
    case "found":
      return confirmed({ ...noRun, id: action.execution.id, ...remembered(action) }, action.execution, action.now);
    case "confirmed":
      return isActive(run) ? confirmed(run, action.execution, action.now) : run;
    case "waiting":
      return run.phase === "starting" ? { ...run, waitingFor: action.text } : run;
    case "received":
      return { ...run, next: action.next };
    case "typed":
      return isActive(run) && !run.inputClosed ? typed(run, action.text) : run;
    case "input_taken":
      return { ...run, unsent: run.unsent.filter((input) => input.offset + utf8Length(input.text) > action.offset) };
    case "input_closed":
      return { ...run, inputClosed: true };
    case "stopping":
      return isActive(run) ? { ...run, stopping: true } : run;
    case "stop_failed":
      return { ...run, stopping: false };
    case "ended":
      return { ...run, ...ending, execution: action.execution };
    case "failed":
      return { ...run, ...ending, failure: action.message };
  }
}

const ending = { phase: "ended" as const, code: null, unsent: [], stopping: false };

// The end itself comes as an event of its own, behind the last output, so an execution that has ended counts as running.
function confirmed(run: Run, execution: Execution, now: number): Run {
  const ranFor = execution.usage.wall_ms || Math.max(0, now - execution.started_ms);
  return {
    ...run,
    phase: execution.status === "starting" ? "starting" : "running",
    code: null,
    waitingFor: "",
    execution,
    startedAt: now - ranFor,
    inputClosed: run.inputClosed || execution.input_closed,
  };
}

function remembered({ execution, memory }: { execution: Execution; memory: RunMemory | null }): Partial<Run> {
  const unsent = memory?.unsent.filter((input) => input.offset >= execution.input_end) ?? [];
  const last = unsent.at(-1);
  return {
    unsent,
    inputEnd: last ? last.offset + utf8Length(last.text) : execution.input_end,
    echoes: memory?.echoes ?? [],
  };
}

function typed(run: Run, text: string): Run {
  return {
    ...run,
    unsent: [...run.unsent, { offset: run.inputEnd, text }],
    inputEnd: run.inputEnd + utf8Length(text),
    echoes: [...run.echoes, { at: furthest(run.next), text }].slice(-ECHOES_MAX),
  };
}
