import { describe, expect, it } from "vitest";

import { cellsOf, draw, erase, placeAfter } from "./line_drawing";

describe("drawing a line", () => {
  it("knows what characters take", () => {
    expect(["a", "é", "漢", "😀", "\u0301"].map(cellsOf)).toEqual([1, 1, 2, 2, 0]);
  });

  it("wraps where the screen does", () => {
    expect(placeAfter("abc", 7, 10)).toEqual({ row: 0, column: 10 });
    expect(placeAfter("abcd", 7, 10)).toEqual({ row: 1, column: 1 });
    expect(placeAfter("a漢", 8, 10)).toEqual({ row: 1, column: 2 });
  });

  it("puts the caret where it belongs", () => {
    expect(draw("abc", "a", 5, 80)).toEqual({ sequence: "abc\x1b[7G", caret: { row: 0, column: 6 } });
    expect(draw("abcdef", "a", 7, 10)).toEqual({ sequence: "abcdef\x1b[1A\x1b[9G", caret: { row: 0, column: 8 } });
  });

  it("wraps at once at the last column", () => {
    expect(draw("abc", "abc", 7, 10)).toEqual({ sequence: "abc \r\x1b[1G", caret: { row: 1, column: 0 } });
  });

  it("takes a wrapped line away from its first row on", () => {
    expect(erase({ row: 2, column: 4 }, 7)).toBe("\x1b[2A\x1b[8G\x1b[J");
  });
});
