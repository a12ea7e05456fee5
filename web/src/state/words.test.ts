import { describe as group, expect, it } from "vitest";

import { noRun, type Run } from "./run";
import { execution } from "./sample";
import { bytes, describe, seconds } from "./words";

const ended = (fields: Parameters<typeof execution>[0]): Run => ({
  ...noRun,
  phase: "ended",
  execution: execution(fields),
});

group("a run in words", () => {
  it("names an exit code that is not 0", () => {
    expect(describe(ended({ status: "exited", exit_code: 0 }), 0)).toMatchObject({ tone: "good", headline: "Finished" });
    expect(describe(ended({ status: "exited", exit_code: 3 }), 0).headline).toBe("Ended with exit code 3");
  });

  it("gives the server's reason for every other end", () => {
    const limit = describe(ended({ status: "out_of_memory", reason: "used more than its 1 GiB of memory." }), 0);
    expect(limit).toMatchObject({ tone: "bad", headline: "Used more than its 1 GiB of memory" });
    expect(describe(ended({ status: "stopped", reason: "stopped by you" }), 0).tone).toBe("stopped");
    expect(describe(ended({ status: "signaled", signal: 11 }), 0).headline).toBe("Ended by signal 11");
  });

  it("shows time, CPU and peak memory at the end", () => {
    const usage = { wall_ms: 1234, cpu_ms: 310, memory_peak_bytes: 48 << 20 };
    expect(describe(ended({ status: "exited", exit_code: 0, usage }), 0).details).toEqual([
      "1.2 s",
      "CPU 310 ms",
      "peak memory 48.0 MiB",
    ]);
  });

  it("says what a start waits for, and that a stop is on its way", () => {
    const starting: Run = { ...noRun, phase: "starting", waitingFor: "pulling the image" };
    expect(describe(starting, 0).headline).toBe("Starting your sandbox: pulling the image");
    expect(describe({ ...starting, stopping: true }, 0).headline).toBe("Stopping…");
  });
});

group("figures", () => {
  it("are short", () => {
    expect([0, 999, 59_940, 61_000, 3_723_000].map(seconds)).toEqual(["0 ms", "1.0 s", "59.9 s", "1:01 min", "1:02:03 h"]);
    expect([0, 999, 1024, 1 << 20, 3.5 * 2 ** 30].map(bytes)).toEqual(["0 B", "999 B", "1.0 KiB", "1.0 MiB", "3.5 GiB"]);
  });
});
