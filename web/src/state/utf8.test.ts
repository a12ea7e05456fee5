import { describe, expect, it } from "vitest";

import { splitAtByte, utf8Length, wellFormed } from "./utf8";

describe("UTF-8", () => {
  it("lengths are those of the encoder", () => {
    for (const text of ["", "abc", "é", "€", "😀", "a\ud800b", "\u0000"]) {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }
  });

  it("text is cut between characters only", () => {
    expect(splitAtByte("a€b", 1)).toEqual(["a", "€b"]);
    expect(splitAtByte("a€b", 2)).toEqual(["a€", "b"]);
    expect(splitAtByte("a€b", 4)).toEqual(["a€", "b"]);
    expect(splitAtByte("ab", 9)).toEqual(["ab", ""]);
  });

  it("lone surrogates become U+FFFD, pairs stay", () => {
    expect(wellFormed("a\ud800b😀")).toBe("a\ufffdb😀");
  });
});
