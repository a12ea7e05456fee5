// What the browser keeps. Storage may be full or forbidden; the page works without.

import type { RunMemory } from "../state/run";
import type { Memory } from "../state/session";

function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    // Nothing that the person could do about it now; the text is still on the screen.
  }
}

const codeKey = (account: string) => `forge.code.${account}`;
const draftKey = (account: string) => `forge.draft.${account}`;
const runKey = (account: string) => `forge.run.${account}`;

export function savedCode(account: string): string | null {
  return read(localStorage, codeKey(account));
}

export function saveCode(account: string, code: string): void {
  write(localStorage, codeKey(account), code);
}

interface Draft {
  run: string;
  text: string;
}

/** The line that was being typed to this run. */
export function savedDraft(account: string, run: string): string {
  const draft = parse<Draft>(read(sessionStorage, draftKey(account)));
  return draft?.run === run ? draft.text : "";
}

export function saveDraft(account: string, draft: Draft): void {
  write(sessionStorage, draftKey(account), JSON.stringify(draft));
}

/** Of the newest run only. */
export function runMemory(account: string): Memory {
  return {
    load(id) {
      const saved = parse<{ id: string; memory: RunMemory }>(read(sessionStorage, runKey(account)));
      return saved?.id === id ? saved.memory : null;
    },
    save(id, memory) {
      write(sessionStorage, runKey(account), JSON.stringify({ id, memory }));
    },
  };
}

function parse<T>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
