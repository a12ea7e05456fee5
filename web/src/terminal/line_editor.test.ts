import { beforeEach, describe, expect, it } from "vitest";

import { LineEditor } from "./line_editor";

const LEFT = "\x1b[D";
const UP = "\x1b[A";
const DOWN = "\x1b[B";

let line: LineEditor;
beforeEach(() => {
  line = new LineEditor();
});

describe("the line editor", () => {
  it("gives a line at Enter and begins a new one", () => {
    expect(line.take("4")).toEqual([]);
    expect(line.take("2\r")).toEqual([{ kind: "line", text: "42" }]);
    expect(line.isEmpty).toBe(true);
  });

  it("gives every line of a paste and keeps the rest", () => {
    expect(line.take("one\r\ntwo\rthree")).toEqual([
      { kind: "line", text: "one" },
      { kind: "line", text: "two" },
    ]);
    expect(line.text).toBe("three");
  });

  it("edits in the middle", () => {
    line.take("abd" + LEFT + "c");
    expect([line.text, line.beforeCaret]).toEqual(["abcd", "abc"]);
    line.take("\x7f\x7f");
    expect(line.text).toBe("ad");
    line.take("\x1b[3~");
    expect(line.text).toBe("a");
    line.take("\x01x\x05y");
    expect(line.text).toBe("xay");
  });

  it("takes words, the beginning and the end away", () => {
    line.take("one two \x17");
    expect(line.text).toBe("one ");
    line.take("abc" + LEFT + "\x0b");
    expect(line.text).toBe("one ab");
    line.take("\x15");
    expect(line.text).toBe("");
  });

  it("moves by characters, not by halves of them", () => {
    line.take("a😀" + LEFT + "é");
    expect(line.text).toBe("aé😀");
    line.take("\x05\x7f");
    expect(line.text).toBe("aé");
  });

  it("interrupts, and ends the input only on an empty line", () => {
    expect(line.take("abc\x03")).toEqual([{ kind: "interrupt" }]);
    expect(line.text).toBe("");
    expect(line.take("x\x04")).toEqual([]);
    expect(line.take("\x7f\x04")).toEqual([{ kind: "end_input" }]);
  });

  it("recalls earlier lines and comes back to the typed one", () => {
    line.take("one\rtwo\rthr");
    line.take(UP);
    expect(line.text).toBe("two");
    line.take(UP + UP);
    expect(line.text).toBe("one");
    line.take(DOWN + DOWN);
    expect(line.text).toBe("thr");
  });

  it("ignores keys without a meaning and what the screen answers to programs", () => {
    line.take("\x1b[15~\x1bOP\x1b[?1;2c\x1b]11;rgb:ff/ff/ff\x07\x1bP1$r0m\x1b\\\x00\x1ba");
    expect(line.text).toBe("");
  });
});
