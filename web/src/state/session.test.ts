import { beforeEach, describe, expect, it } from "vitest";

import type { Execution, OutputEvent, Requests } from "../transport/protocol";
import type { RunMemory } from "./run";
import { execution } from "./sample";
import { Session, type Link } from "./session";

type Sent = { event: keyof Requests; fields: Record<string, unknown>; answer: (answer: object) => void };

/** A link whose requests the test answers. */
class FakeLink implements Link {
  sent: Sent[] = [];
  request<E extends keyof Requests>(event: E, fields: Requests[E]["takes"]): Promise<never> {
    return new Promise((resolve) => {
      this.sent.push({ event, fields: { ...fields }, answer: resolve as (answer: object) => void });
    });
  }
  names() {
    return this.sent.map((request) => request.event);
  }
  async answer(event: keyof Requests, answer: object) {
    const at = this.sent.findIndex((request) => request.event === event);
    const [request] = this.sent.splice(at, 1);
    request!.answer(answer);
    await settled();
    return request!.fields;
  }
}

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const LOST = { ok: false, error: { code: "connection_lost", message: "lost" } };

let link: FakeLink;
let screen: string;
let shown: (() => void)[];
let complaints: string[];
let memory: Map<string, RunMemory>;

function newSession(): Session {
  link = new FakeLink();
  screen = "";
  shown = [];
  const session = new Session({
    console: {
      clear: () => (screen = ""),
      write: (stream, text, done) => {
        screen += stream === "stderr" ? `<${text}>` : text;
        if (done) shown.push(done);
      },
      echo: (line) => (screen += `{${line}}`),
      note: (text) => (screen += `[${text}]`),
    },
    memory: { load: (id) => memory.get(id) ?? null, save: (id, saved) => void memory.set(id, saved) },
    now: () => 5000,
    newId: () => "run1",
    wait: () => Promise.resolve(),
    changed: () => undefined,
    complain: (message) => complaints.push(message),
  });
  session.use(link);
  return session;
}

let offset = 0;
function output(text: string, stream: "stdout" | "stderr" = "stdout", at = offset): OutputEvent {
  offset = at + new TextEncoder().encode(text).length;
  return { execution_id: "run1", stream, offset: at, text, next: { stdout: offset, stderr: offset } };
}

async function started(session: Session): Promise<void> {
  session.connected();
  await link.answer("execution_list", { ok: true, executions: [] });
  session.start("code");
  await link.answer("execution_start", { ok: true, execution: execution() });
}

async function reconnected(session: Session): Promise<void> {
  session.disconnected();
  for (const request of link.sent.splice(0)) request.answer(LOST);
  await settled();
  session.connected();
}

beforeEach(() => {
  complaints = [];
  memory = new Map();
  offset = 0;
});

describe("a session", () => {
  it("starts a run, shows its output and its end", async () => {
    const session = newSession();
    await started(session);
    session.output(output("hello\n"));
    session.output(output("oops\n", "stderr"));
    session.ended({ execution_id: "run1", execution: execution({ status: "exited", exit_code: 0 }) });
    expect(screen).toBe("hello\n<oops\n>");
    expect(session.state.phase).toBe("ended");
  });

  it("asks for a start again where the connection was lost before the answer, by the same id", async () => {
    const session = newSession();
    session.connected();
    await link.answer("execution_list", { ok: true, executions: [] });
    session.start("code");
    await reconnected(session);
    expect(link.sent.at(-1)).toMatchObject({ event: "execution_start", fields: { execution_id: "run1", code: "code" } });
  });

  it("takes up a run behind the last output that came, and shows nothing twice", async () => {
    const session = newSession();
    await started(session);
    session.output(output("one\n"));
    await reconnected(session);
    expect(link.sent.at(-1)).toMatchObject({ event: "execution_attach", fields: { from: { stdout: 4, stderr: 4 } } });
    await link.answer("execution_attach", { ok: true, execution: execution() });
    session.output(output("one\n", "stdout", 0));
    session.output(output("two\n", "stdout", 4));
    expect(screen).toBe("one\ntwo\n");
  });

  it("sends typed lines one by one, and again by their offset after a lost connection", async () => {
    const session = newSession();
    await started(session);
    session.type("42\n");
    session.type("43\n");
    expect(link.sent).toMatchObject([{ event: "execution_input", fields: { text: "42\n", offset: 0 } }]);
    await reconnected(session);
    await link.answer("execution_attach", { ok: true, execution: execution() });
    expect(await link.answer("execution_input", { ok: true, offset: 3 })).toMatchObject({ text: "42\n", offset: 0 });
    expect(await link.answer("execution_input", { ok: true, offset: 6 })).toMatchObject({ text: "43\n", offset: 3 });
    expect(session.state.unsent).toEqual([]);
  });

  it("keeps what was typed before the program ran", async () => {
    const session = newSession();
    session.connected();
    await link.answer("execution_list", { ok: true, executions: [] });
    session.start("code");
    session.type("early\n");
    expect(link.names()).toEqual(["execution_start"]);
    await link.answer("execution_start", { ok: true, execution: execution() });
    expect(link.sent).toMatchObject([{ event: "execution_input", fields: { text: "early\n" } }]);
  });

  it("ends the input behind all typed lines", async () => {
    const session = newSession();
    await started(session);
    session.type("last\n");
    session.endInput();
    session.type("too late\n");
    expect(link.names()).toEqual(["execution_input"]);
    await link.answer("execution_input", { ok: true, offset: 5 });
    expect(link.names()).toEqual(["execution_end_input"]);
    await link.answer("execution_end_input", { ok: true });
    expect(session.state.inputClosed).toBe(true);
  });

  it("tries input again while the sandbox cannot be reached", async () => {
    const session = newSession();
    await started(session);
    session.type("42\n");
    await link.answer("execution_input", { ok: false, error: { code: "sandbox_unavailable", message: "no" } });
    expect(link.sent).toMatchObject([{ event: "execution_input", fields: { text: "42\n", offset: 0 } }]);
    expect(complaints).toEqual([]);
  });

  it("acknowledges what is on the screen, one acknowledgement at a time", async () => {
    const session = newSession();
    await started(session);
    session.output(output("one\n"));
    session.output(output("two\n"));
    expect(link.names()).toEqual([]);
    for (const done of shown.splice(0)) done();
    expect(await link.answer("execution_ack", { ok: true })).toMatchObject({ offset: 4 });
    expect(await link.answer("execution_ack", { ok: true })).toMatchObject({ offset: 8 });
    expect(link.names()).toEqual([]);
  });
});

describe("after a reload", () => {
  const running = (fields: Partial<Execution>) => execution({ started_ms: 100, ...fields });

  it("the newest run is shown from its start, with the lines that were typed in their places", async () => {
    const before = newSession();
    await started(before);
    before.output(output("guess: "));
    before.type("10\n");
    before.output(output("low\nguess: "));
    before.type("20\n");

    const session = newSession();
    session.connected();
    const older = execution({ id: "older", started_ms: 50 });
    await link.answer("execution_list", { ok: true, executions: [running({ input_end: 6 }), older] });
    expect(link.sent).toMatchObject([{ fields: { execution_id: "run1", from: { stdout: 0, stderr: 0 } } }]);
    await link.answer("execution_attach", { ok: true, execution: running({ input_end: 6 }) });
    session.output(output("guess: low\nguess: high\n", "stdout", 0));
    expect(screen).toBe("guess: {10\n}low\nguess: {20\n}high\n");
    expect(link.names()).toEqual([]);
  });

  it("a line that was not taken is sent", async () => {
    memory.set("run1", { unsent: [{ offset: 3, text: "20\n" }], inputEnd: 6, echoes: [] });
    const session = newSession();
    session.connected();
    await link.answer("execution_list", { ok: true, executions: [running({ input_end: 3 })] });
    await link.answer("execution_attach", { ok: true, execution: running({ input_end: 3 }) });
    expect(link.sent).toMatchObject([{ event: "execution_input", fields: { text: "20\n", offset: 3 } }]);
    expect(session.state.inputEnd).toBe(6);
  });

  it("a run that cannot be found says so", async () => {
    const session = newSession();
    session.connected();
    await link.answer("execution_list", { ok: true, executions: [running({})] });
    await link.answer("execution_attach", { ok: false, error: { code: "not_found", message: "It is gone." } });
    expect(session.state).toMatchObject({ phase: "ended", failure: "It is gone." });
  });
});

describe("what cannot be done", () => {
  it("is said", async () => {
    const session = newSession();
    session.start("code");
    expect(complaints.at(-1)).toMatch("no connection");
    await started(session);
    session.start("other");
    expect(complaints.at(-1)).toMatch("A program is running");
  });

  it("a start that fails ends the run with the server's words", async () => {
    const session = newSession();
    session.connected();
    await link.answer("execution_list", { ok: true, executions: [] });
    session.start("code");
    await link.answer("execution_start", { ok: false, error: { code: "too_large", message: "The code is too long." } });
    expect(session.state).toMatchObject({ phase: "ended", failure: "The code is too long." });
  });
});
