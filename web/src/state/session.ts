// What the page does about a run: sends, takes up again after a lost connection or a reload, hands output to the console.
// Knows neither Socket.IO nor the DOM; both are behind interfaces.

import type {
  Answer,
  EndedEvent,
  Execution,
  GapEvent,
  OutputEvent,
  Position,
  Requests,
  Stream,
} from "../transport/protocol";
import { furthest, isActive, noRun, reduce, type Action, type Run, type RunMemory } from "./run";
import { splitAtByte, utf8Length } from "./utf8";

export interface LinkHandlers {
  connected(): void;
  disconnected(): void;
  starting(text: string): void;
  output(event: OutputEvent): void;
  gap(event: GapEvent): void;
  ended(event: EndedEvent): void;
}

export interface Link {
  /** Never rejects; without a connection the answer is an error of code connection_lost. */
  request<E extends keyof Requests>(event: E, fields: Requests[E]["takes"]): Promise<Answer<Requests[E]["gives"]>>;
}

/** Where output is shown. `shown` is called when the text is on the screen. */
export interface Console {
  clear(): void;
  write(stream: Stream, text: string, shown?: () => void): void;
  echo(line: string): void; // a line typed before a reload
  note(text: string, shown?: () => void): void; // the page's own words
}

/** What survives a reload. */
export interface Memory {
  load(id: string): RunMemory | null;
  save(id: string, memory: RunMemory): void;
}

export interface SessionParts {
  console: Console;
  memory: Memory;
  now: () => number;
  newId: () => string;
  wait: (ms: number) => Promise<void>;
  changed: (run: Run, connected: boolean) => void;
  complain: (message: string, code: string) => void;
}

const ATTACH_TRIES = 8; // while the server finds the sandbox again
const RETRY_PAUSE_MS = 700;
const TEMPORARY = new Set(["sandbox_unavailable", "timed_out"]); // asking again is the same request

export class Session implements LinkHandlers {
  private run: Run = noRun;
  private isConnected = false;
  private looked = false; // for a run that was there before this page
  private connections = 0; // which connection a late answer belongs to
  private shown = 0; // output offset up to which everything is on the screen
  private acknowledged = 0;
  private acknowledging = false;
  private sendingInput = false;
  private endInputWanted = false;
  private echoed = 0; // how many of the run's echoes are on the screen
  private link: Link | null = null;

  constructor(private readonly parts: SessionParts) {}

  use(link: Link): void {
    this.link = link;
  }

  get state(): Run {
    return this.run;
  }

  // ---- what the person does

  start(code: string): void {
    if (isActive(this.run)) return this.parts.complain("A program is running. Stop it first.", "busy");
    if (!this.isConnected) return this.parts.complain("There is no connection to the server yet.", "connection_lost");
    this.looked = true;
    this.forgetRun();
    this.parts.console.clear();
    this.apply({ type: "submitted", id: this.parts.newId(), code, now: this.parts.now() });
    void this.sendStart();
  }

  type(text: string): void {
    if (!isActive(this.run) || this.run.inputClosed || this.endInputWanted) return;
    this.apply({ type: "typed", text });
    this.echoed = this.run.echoes.length;
    this.remember();
    void this.sendInput();
  }

  endInput(): void {
    if (!isActive(this.run) || this.run.inputClosed) return;
    this.endInputWanted = true;
    void this.sendInput();
  }

  interrupt(): void {
    if (this.run.phase === "running") void this.ask("execution_interrupt", { execution_id: this.run.id });
  }

  async stop(): Promise<void> {
    if (!isActive(this.run)) return;
    this.apply({ type: "stopping" });
    const answer = await this.ask("execution_stop", { execution_id: this.run.id });
    if (!answer?.ok && isActive(this.run)) this.apply({ type: "stop_failed" });
  }

  // ---- what the connection tells

  connected(): void {
    this.isConnected = true;
    this.connections += 1;
    this.acknowledging = false;
    this.sendingInput = false;
    this.parts.changed(this.run, true);
    if (!this.looked) void this.findRun();
    else if (isActive(this.run) && this.run.code !== null) void this.sendStart();
    else if (isActive(this.run)) void this.attach();
  }

  disconnected(): void {
    this.isConnected = false;
    this.parts.changed(this.run, false);
  }

  starting(text: string): void {
    this.apply({ type: "waiting", text });
  }

  output(event: OutputEvent): void {
    if (event.execution_id !== this.run.id || !isActive(this.run)) return;
    if (event.next[event.stream] <= this.run.next[event.stream]) return; // had it
    this.writeOutput(event);
    this.received(event.next);
  }

  gap(event: GapEvent): void {
    if (event.execution_id !== this.run.id || !isActive(this.run)) return;
    this.parts.console.note(`${event.bytes.toLocaleString("en")} bytes of output were not kept`);
    this.received(event.next);
  }

  ended(event: EndedEvent): void {
    if (event.execution_id !== this.run.id || !isActive(this.run)) return;
    this.writeEchoesUpTo(Infinity);
    this.apply({ type: "ended", execution: event.execution });
  }

  // ---- start, take up again

  private async sendStart(): Promise<void> {
    const { id, code } = this.run;
    if (code === null) return;
    const answer = await this.requestNow("execution_start", { execution_id: id, code });
    if (!answer || this.run.id !== id) return;
    if (!answer.ok) return this.failed(answer.error.message, answer.error.code);
    this.apply({ type: "confirmed", execution: answer.execution, now: this.parts.now() });
    void this.sendInput();
  }

  private async findRun(): Promise<void> {
    const answer = await this.requestNow("execution_list", {});
    if (!answer || this.looked) return;
    if (!answer.ok) return this.parts.complain(answer.error.message, answer.error.code);
    this.looked = true;
    const latest = latestOf(answer.executions);
    if (!latest) return;
    const memory = this.parts.memory.load(latest.id);
    this.forgetRun();
    this.parts.console.clear();
    this.apply({ type: "found", execution: latest, memory, now: this.parts.now() });
    await this.attach();
  }

  private async attach(): Promise<void> {
    const { id } = this.run;
    for (let tries = 1; ; tries += 1) {
      const answer = await this.requestNow("execution_attach", { execution_id: id, from: this.run.next });
      if (!answer || this.run.id !== id) return;
      if (answer.ok) {
        this.apply({ type: "confirmed", execution: answer.execution, now: this.parts.now() });
        return void this.sendInput();
      }
      if (!TEMPORARY.has(answer.error.code) || tries === ATTACH_TRIES) {
        return this.failed(answer.error.message, answer.error.code);
      }
      await this.parts.wait(RETRY_PAUSE_MS);
    }
  }

  private failed(message: string, code: string): void {
    if (!isActive(this.run)) return;
    this.apply({ type: "failed", message });
    if (code === "unauthorized") this.parts.complain(message, code);
  }

  // ---- output

  private writeOutput(event: OutputEvent): void {
    let { offset, text } = event;
    for (const echo of this.run.echoes.slice(this.echoed)) {
      const before = echo.at - offset;
      if (before >= utf8Length(text)) break;
      if (before > 0) {
        const [head, rest] = splitAtByte(text, before);
        this.parts.console.write(event.stream, head);
        offset += utf8Length(head);
        text = rest;
      }
      this.writeEcho(echo.text);
    }
    const { id } = this.run;
    this.parts.console.write(event.stream, text, () => {
      if (this.run.id === id) this.shownUpTo(Math.min(event.next.stdout, event.next.stderr));
    });
  }

  private writeEchoesUpTo(offset: number): void {
    for (const echo of this.run.echoes.slice(this.echoed)) {
      if (echo.at > offset) break;
      this.writeEcho(echo.text);
    }
  }

  private writeEcho(text: string): void {
    this.parts.console.echo(text);
    this.echoed += 1;
  }

  private received(next: Position): void {
    this.run = reduce(this.run, { type: "received", next }); // nothing that shows: `changed` would cost much here
    // A program that waits for input prints nothing more: what was typed behind its last output is due now.
    this.writeEchoesUpTo(furthest(next));
  }

  private shownUpTo(offset: number): void {
    this.shown = Math.max(this.shown, offset);
    void this.acknowledge();
  }

  // One acknowledgement is on the way at a time; the next one covers all that was shown meanwhile.
  private async acknowledge(): Promise<void> {
    if (this.acknowledging) return;
    this.acknowledging = true;
    const isSame = this.sameRun();
    while (isSame() && isActive(this.run) && this.acknowledged < this.shown) {
      const offset = this.shown;
      const answer = await this.requestNow("execution_ack", { execution_id: this.run.id, offset });
      if (!answer || !isSame()) break;
      this.acknowledged = offset;
    }
    if (isSame()) this.acknowledging = false;
  }

  // ---- input

  private async sendInput(): Promise<void> {
    if (this.sendingInput || this.run.phase !== "running") return;
    this.sendingInput = true;
    const isSame = this.sameRun();
    while (isSame() && isActive(this.run) && this.run.unsent.length > 0) {
      const input = this.run.unsent[0]!;
      const answer = await this.requestNow("execution_input", { execution_id: this.run.id, ...input });
      if (!answer || !isSame()) break;
      if (!answer.ok && TEMPORARY.has(answer.error.code)) {
        await this.parts.wait(RETRY_PAUSE_MS);
        continue;
      }
      const end = input.offset + utf8Length(input.text);
      if (!answer.ok) this.parts.complain(`The input was not taken. ${answer.error.message}`, answer.error.code);
      this.apply({ type: "input_taken", offset: answer.ok ? answer.offset : end });
      this.remember();
    }
    if (!isSame()) return;
    this.sendingInput = false;
    if (this.endInputWanted && this.run.phase === "running") await this.sendEndOfInput();
  }

  private async sendEndOfInput(): Promise<void> {
    const { id } = this.run;
    const answer = await this.requestNow("execution_end_input", { execution_id: id });
    if (!answer || this.run.id !== id) return;
    this.endInputWanted = false;
    if (answer.ok) this.apply({ type: "input_closed" });
    else this.parts.complain(answer.error.message, answer.error.code);
  }

  // ---- the rest

  /** Null where the connection was lost, or replaced, before the answer came: what is due is done again then. */
  private async requestNow<E extends keyof Requests>(
    event: E,
    fields: Requests[E]["takes"],
  ): Promise<Answer<Requests[E]["gives"]> | null> {
    const { connections } = this;
    if (!this.link || !this.isConnected) return null;
    const answer = await this.link.request(event, fields);
    const isStale = connections !== this.connections;
    return isStale || (!answer.ok && answer.error.code === "connection_lost") ? null : answer;
  }

  /** As requestNow, with an error told to the person. */
  private async ask<E extends keyof Requests>(event: E, fields: Requests[E]["takes"]) {
    const answer = await this.requestNow(event, fields);
    if (!answer) this.parts.complain("The connection was lost before that was done.", "connection_lost");
    else if (!answer.ok) this.parts.complain(answer.error.message, answer.error.code);
    return answer;
  }

  /** Tells later whether run and connection are still those of now. */
  private sameRun(): () => boolean {
    const { connections } = this;
    const { id } = this.run;
    return () => connections === this.connections && this.run.id === id;
  }

  private apply(action: Action): void {
    this.run = reduce(this.run, action);
    this.parts.changed(this.run, this.isConnected);
  }

  private remember(): void {
    const { id, unsent, inputEnd, echoes } = this.run;
    this.parts.memory.save(id, { unsent, inputEnd, echoes });
  }

  private forgetRun(): void {
    this.run = noRun;
    this.shown = this.acknowledged = this.echoed = 0;
    this.acknowledging = this.sendingInput = this.endInputWanted = false;
  }
}

function latestOf(executions: Execution[]): Execution | undefined {
  return [...executions].sort((a, b) => b.started_ms - a.started_ms)[0];
}
