import { describe, expect, it } from "vitest";

import { noRun, reduce, type Action, type Run } from "./run";
import { execution } from "./sample";

const after = (...actions: Action[]): Run => actions.reduce(reduce, noRun);
const submitted: Action = { type: "submitted", id: "run1", code: "print(1)", now: 1000 };
const confirmed: Action = { type: "confirmed", execution: execution({ started_ms: 1500 }), now: 2000 };

describe("a run", () => {
  it("keeps its code until the start is confirmed", () => {
    expect(after(submitted).code).toBe("print(1)");
    expect(after(submitted, confirmed).code).toBeNull();
  });

  it("counts its time from the server's figure, whatever the clocks say", () => {
    const usage = { wall_ms: 700, cpu_ms: 0, memory_peak_bytes: 0 };
    const run = after(submitted, { type: "confirmed", execution: execution({ usage, started_ms: 9e9 }), now: 2000 });
    expect(run.startedAt).toBe(1300);
  });

  it("gives typed text its offset in bytes of UTF-8", () => {
    const run = after(submitted, confirmed, { type: "typed", text: "é€😀\n" }, { type: "typed", text: "x\n" });
    expect(run.unsent.map((input) => input.offset)).toEqual([0, 10]);
    expect(run.inputEnd).toBe(12);
  });

  it("drops typed text only as far as it was taken", () => {
    const run = after(submitted, confirmed, { type: "typed", text: "one\n" }, { type: "typed", text: "two\n" });
    expect(reduce(run, { type: "input_taken", offset: 4 }).unsent).toEqual([{ offset: 4, text: "two\n" }]);
    expect(reduce(run, { type: "input_taken", offset: 8 }).unsent).toEqual([]);
  });

  it("takes no input when it has ended or its input was closed", () => {
    const ended = after(submitted, confirmed, { type: "ended", execution: execution({ status: "exited" }) });
    expect(reduce(ended, { type: "typed", text: "x" }).unsent).toEqual([]);
    const closed = after(submitted, confirmed, { type: "input_closed" });
    expect(reduce(closed, { type: "typed", text: "x" }).unsent).toEqual([]);
  });

  it("that was found after a reload goes on behind the input that was taken", () => {
    const memory = {
      unsent: [
        { offset: 0, text: "one\n" },
        { offset: 4, text: "two\n" },
      ],
      inputEnd: 8,
      echoes: [{ at: 3, text: "one\n" }],
    };
    const found = after({ type: "found", execution: execution({ input_end: 4 }), memory, now: 0 });
    expect(found.phase).toBe("running");
    expect(found.unsent).toEqual([{ offset: 4, text: "two\n" }]);
    expect(found.inputEnd).toBe(8);
    const plain = after({ type: "found", execution: execution({ input_end: 4 }), memory: null, now: 0 });
    expect(plain.inputEnd).toBe(4);
  });

  it("says nothing of a start once it runs", () => {
    expect(after(submitted, { type: "waiting", text: "making it" }).waitingFor).toBe("making it");
    expect(after(submitted, confirmed, { type: "waiting", text: "late" }).waitingFor).toBe("");
  });

  it("that ended stays ended", () => {
    const ended = after(submitted, confirmed, { type: "ended", execution: execution({ status: "stopped" }) });
    expect(reduce(ended, confirmed).phase).toBe("ended");
    expect(reduce(ended, { type: "stopping" }).stopping).toBe(false);
  });
});
