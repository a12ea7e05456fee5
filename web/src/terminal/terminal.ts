import "@xterm/xterm/css/xterm.css";

import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Screen } from "@xterm/xterm";

import type { Console } from "../state/session";
import type { Stream } from "../transport/protocol";
import { draw, erase, type Place } from "./line_drawing";
import { LineEditor, type LineRequest } from "./line_editor";
import { markStderr } from "./stderr_marks";
import { currentTheme, onThemeChange } from "./theme";

const SCROLLBACK_LINES = 10_000;
const STDERR = ["\x1b[31m", "\x1b[39m"] as const;
const SHOW_CURSOR = "\x1b[?25h";
const HIDE_CURSOR = "\x1b[?25l";
const NOTE = ["\x1b[2m[", "]\x1b[22m\n"] as const;

export interface TerminalHandlers {
  request(request: LineRequest): void;
  draftChanged(text: string): void;
}

/**
 * The console. Output and the line that is being typed share the screen: the line is taken away before output is
 * written and drawn again behind it. Writing is asynchronous, so the line is drawn only when nothing is being written.
 */
export class Terminal implements Console {
  private readonly screen: Screen;
  private readonly fit = new FitAddon();
  private readonly line = new LineEditor();
  private writing = 0; // writes that the screen has not done yet
  private drawn: { column: number; caret: Place } | null = null;
  private takesInput = false;

  /** The parent must be in the document: its font is measured. */
  constructor(
    parent: HTMLElement,
    private readonly handlers: TerminalHandlers,
  ) {
    this.screen = new Screen({
      allowProposedApi: true, // decorations: the bars of stderr
      convertEol: true,
      cursorBlink: true,
      cursorStyle: "bar",
      cursorInactiveStyle: "bar",
      disableStdin: true,
      fontFamily: getComputedStyle(parent).fontFamily,
      fontSize: 13,
      lineHeight: 1.35,
      minimumContrastRatio: 4.5,
      scrollback: SCROLLBACK_LINES,
      theme: currentTheme(),
    });
    this.screen.loadAddon(this.fit);
    this.screen.open(parent);
    // A scroller would be a stop of its own for Tab; its keys work in the console anyway.
    parent.querySelector(".xterm-viewport")?.setAttribute("tabindex", "-1");
    this.screen.textarea?.setAttribute("aria-label", "Console: what is typed here goes to the running program");
    // Tab moves on, as everywhere on the page; browser shortcuts stay the browser's; a selection can be copied.
    this.screen.attachCustomKeyEventHandler((event) => {
      const isCopy = event.ctrlKey && event.key === "c" && this.screen.hasSelection();
      return event.key !== "Tab" && !event.metaKey && !isCopy;
    });
    this.screen.onData((data) => this.typed(data));
    onThemeChange((theme) => (this.screen.options.theme = theme));
    new ResizeObserver(() => this.resized()).observe(parent);
    this.screen.write(HIDE_CURSOR);
  }

  // ---- Console

  clear(): void {
    this.setDraft("");
    this.put(`\x1bc${this.takesInput ? SHOW_CURSOR : HIDE_CURSOR}`); // behind what is still being written
  }

  write(stream: Stream, text: string, shown?: () => void): void {
    if (stream === "stdout") return this.put(text, shown);
    const marks = markStderr(this.screen);
    this.put(STDERR[0] + text + STDERR[1], () => {
      marks.end();
      shown?.();
    }, () => marks.begin());
  }

  echo(line: string): void {
    this.put(line);
  }

  note(text: string, shown?: () => void): void {
    this.put(NOTE[0] + text + NOTE[1], shown);
  }

  // ---- the line

  setTakesInput(takesInput: boolean): void {
    if (!takesInput) this.setDraft("");
    if (takesInput === this.takesInput) return;
    this.takesInput = takesInput;
    this.screen.options.disableStdin = !takesInput;
    this.screen.write(takesInput ? SHOW_CURSOR : HIDE_CURSOR);
  }

  get draft(): string {
    return this.line.text;
  }

  setDraft(text: string): void {
    if (this.line.text === text) return;
    this.redraw(() => this.line.set(text));
    this.handlers.draftChanged(text);
  }

  focus(): void {
    this.screen.focus();
  }

  private typed(data: string): void {
    if (!this.takesInput) return;
    let requests: LineRequest[] = [];
    this.redraw(() => (requests = this.line.take(data)));
    for (const request of requests) {
      if (request.kind === "line") this.put(`${request.text}\n`);
      if (request.kind === "interrupt") this.put("^C\n");
      this.handlers.request(request);
    }
    this.handlers.draftChanged(this.line.text);
    this.screen.scrollToBottom();
  }

  // ---- drawing

  private redraw(change: () => void): void {
    this.takeAwayLine();
    change();
    this.drawLine();
  }

  private put(text: string, done?: () => void, begun?: () => void): void {
    this.takeAwayLine();
    this.writing += 1;
    if (begun) this.screen.write("", begun);
    this.screen.write(text, () => {
      this.writing -= 1;
      done?.();
      this.drawLine();
    });
  }

  private takeAwayLine(): void {
    if (!this.drawn) return;
    this.screen.write(erase(this.drawn.caret, this.drawn.column));
    this.drawn = null;
  }

  // Where the line begins is known only when all that was written before has been parsed.
  private drawLine(): void {
    if (this.writing > 0 || this.drawn || this.line.isEmpty) return;
    this.writing += 1;
    this.screen.write("", () => {
      this.writing -= 1;
      if (this.writing > 0 || this.drawn || this.line.isEmpty) return;
      const column = this.screen.buffer.active.cursorX;
      const { sequence, caret } = draw(this.line.text, this.line.beforeCaret, column, this.screen.cols);
      this.drawn = { column, caret };
      this.screen.write(sequence);
    });
  }

  private resized(): void {
    this.takeAwayLine();
    this.writing += 1;
    this.screen.write("", () => {
      this.writing -= 1;
      this.fit.fit();
      this.drawLine();
    });
  }
}
