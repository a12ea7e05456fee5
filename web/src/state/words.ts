// What the page says about a run, in plain words.

import type { Execution, Usage } from "../transport/protocol";
import { isActive, type Run } from "./run";

export type Tone = "idle" | "busy" | "good" | "bad" | "stopped";

export interface RunWords {
  tone: Tone;
  headline: string;
  details: string[];
}

export function describe(run: Run, now: number): RunWords {
  if (run.phase === "none") return { tone: "idle", headline: "Ready", details: [] };
  if (isActive(run)) return describeActive(run, now);
  if (run.failure) return { tone: "bad", headline: sentence(run.failure), details: [] };
  const { execution } = run;
  if (!execution) return { tone: "idle", headline: "Ended", details: [] };
  return { ...describeEnd(execution), details: usageWords(execution.usage) };
}

function describeActive(run: Run, now: number): RunWords {
  const ms = Math.max(0, now - run.startedAt);
  const time = ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : seconds(ms);
  if (run.stopping) return { tone: "busy", headline: "Stopping…", details: [time] };
  if (run.phase === "running") return { tone: "busy", headline: "Running", details: [time] };
  const headline = run.waitingFor ? `Starting your sandbox: ${run.waitingFor}` : "Starting…";
  return { tone: "busy", headline, details: [] };
}

function describeEnd(execution: Execution): { tone: Tone; headline: string } {
  if (execution.status === "exited") {
    if (execution.exit_code === 0) return { tone: "good", headline: "Finished" };
    return { tone: "bad", headline: `Ended with exit code ${execution.exit_code}` };
  }
  const tone = execution.status === "stopped" ? "stopped" : "bad";
  return { tone, headline: sentence(execution.reason) || fallbackReason(execution) };
}

function fallbackReason(execution: Execution): string {
  if (execution.signal !== null) return `Ended by signal ${execution.signal}`;
  return sentence(execution.status.replaceAll("_", " "));
}

function usageWords(usage: Usage): string[] {
  const memory = usage.memory_peak_bytes > 0 ? [`peak memory ${bytes(usage.memory_peak_bytes)}`] : [];
  return [seconds(usage.wall_ms), `CPU ${seconds(usage.cpu_ms)}`, ...memory];
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, "");
}

export function seconds(ms: number): string {
  if (ms < 995) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const whole = Math.floor(ms / 1000);
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest} h` : `${minutes}:${rest} min`;
}

export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
