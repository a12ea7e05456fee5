// The line that is being typed. A run's stdin is a pipe, so what a terminal's kernel side does is done here: echo,
// editing, Enter, Ctrl-C, Ctrl-D. Pure: keys in, edits and requests out.

import { wellFormed } from "../state/utf8";

export type LineRequest =
  | { kind: "line"; text: string } // without its newline
  | { kind: "interrupt" }
  | { kind: "end_input" };

const HISTORY_MAX = 200;
const LINE_MAX = 1 << 20; // characters; more typed ones are ignored

// One key: an escape sequence, a device's answer (up to its end), or one character.
const KEY = /\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b[P\]X^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|\r\n|[^]/gu;

export class LineEditor {
  private characters: string[] = [];
  private at = 0;
  private history: string[] = [];
  private recalled = 0; // index into history; its length is the line that is being typed
  private kept = ""; // that line, while an older one is shown

  get text(): string {
    return this.characters.join("");
  }
  get beforeCaret(): string {
    return this.characters.slice(0, this.at).join("");
  }
  get isEmpty(): boolean {
    return this.characters.length === 0;
  }

  set(text: string): void {
    this.characters = [...text];
    this.at = this.characters.length;
  }

  /** Takes what the terminal got from the keyboard or a paste. */
  take(data: string): LineRequest[] {
    const requests: LineRequest[] = [];
    for (const [key] of data.matchAll(KEY)) {
      const request = this.press(key);
      if (request) requests.push(request);
    }
    return requests;
  }

  private press(key: string): LineRequest | undefined {
    switch (key) {
      case "\r":
      case "\n":
      case "\r\n":
        return { kind: "line", text: this.finish() };
      case "\x03":
        this.set("");
        return { kind: "interrupt" };
      case "\x04":
        return this.isEmpty ? { kind: "end_input" } : this.cut(this.at, this.at + 1);
      case "\x7f":
      case "\b":
        return this.cut(this.at - 1, this.at);
      case "\x1b[3~":
        return this.cut(this.at, this.at + 1);
      case "\x15":
        return this.cut(0, this.at);
      case "\x0b":
        return this.cut(this.at, this.characters.length);
      case "\x17":
        return this.cut(this.wordStart(), this.at);
      default:
        return this.move(key);
    }
  }

  private move(key: string): undefined {
    switch (key) {
      case "\x1b[D":
      case "\x02":
        return this.moveTo(this.at - 1);
      case "\x1b[C":
      case "\x06":
        return this.moveTo(this.at + 1);
      case "\x1b[H":
      case "\x1bOH":
      case "\x01":
        return this.moveTo(0);
      case "\x1b[F":
      case "\x1bOF":
      case "\x05":
        return this.moveTo(this.characters.length);
      case "\x1b[A":
      case "\x10":
        return this.recall(this.recalled - 1);
      case "\x1b[B":
      case "\x0e":
        return this.recall(this.recalled + 1);
      default:
        return this.insert(key);
    }
  }

  private insert(key: string): undefined {
    const isControl = key.length > 1 ? key.startsWith("\x1b") : key < " " && key !== "\t";
    if (isControl || this.characters.length >= LINE_MAX) return;
    this.characters.splice(this.at, 0, wellFormed(key));
    this.at += 1;
  }

  private cut(from: number, to: number): undefined {
    if (from < 0) return;
    this.characters.splice(from, to - from);
    this.at = from;
  }

  private moveTo(at: number): undefined {
    this.at = Math.max(0, Math.min(at, this.characters.length));
  }

  private wordStart(): number {
    let at = this.at;
    while (at > 0 && this.characters[at - 1] === " ") at -= 1;
    while (at > 0 && this.characters[at - 1] !== " ") at -= 1;
    return at;
  }

  private recall(index: number): undefined {
    if (index < 0 || index > this.history.length) return;
    if (this.recalled === this.history.length) this.kept = this.text;
    this.recalled = index;
    this.set(this.history[index] ?? this.kept);
  }

  private finish(): string {
    const { text } = this;
    if (text !== "" && text !== this.history.at(-1)) this.history = [...this.history, text].slice(-HISTORY_MAX);
    this.recalled = this.history.length;
    this.set("");
    return text;
  }
}
