// Escape sequences that draw a line which may wrap, and take it away again. Pure.

/** Cells that a character takes on the screen: the ranges that terminals agree on. */
export function cellsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (/\p{Mn}|\p{Me}|\u200b|\u200d/u.test(character)) return 0;
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return isWide ? 2 : 1;
}

/** A place on the screen; rows count from where the line began. */
export interface Place {
  row: number;
  column: number;
}

/** Where the cursor stands after `text`, written at `column` of a screen of so many columns. */
export function placeAfter(text: string, column: number, columns: number): Place {
  const place = { row: 0, column };
  for (const character of text) {
    const cells = cellsOf(character);
    if (place.column + cells > columns) {
      place.row += 1;
      place.column = 0;
    }
    place.column += cells;
  }
  return place;
}

export interface Drawing {
  sequence: string;
  caret: Place; // where the sequence leaves the cursor
}

/** Writes the line where the cursor is, at `column`, and puts the cursor behind `beforeCaret`. */
export function draw(text: string, beforeCaret: string, column: number, columns: number): Drawing {
  const settled = (place: Place): Place =>
    place.column === columns ? { row: place.row + 1, column: 0 } : place;
  const end = placeAfter(text, column, columns);
  const caret = settled(placeAfter(beforeCaret, column, columns));
  // At the last column a terminal wraps only with the next character: make it wrap now.
  const wrap = end.column === columns ? " \r" : "";
  return { sequence: printable(text) + wrap + moved(settled(end), caret), caret };
}

/** Takes away a line that began at `column` and whose caret stands at `caret`. */
export function erase(caret: Place, column: number): string {
  return moved(caret, { row: 0, column }) + "\x1b[J";
}

function moved(from: Place, to: Place): string {
  const up = from.row > to.row ? `\x1b[${from.row - to.row}A` : "";
  const down = from.row < to.row ? `\x1b[${to.row - from.row}B` : "";
  return `${up}${down}\x1b[${to.column + 1}G`;
}

// A tab would move the cursor by what only the screen knows.
function printable(text: string): string {
  return text.replaceAll("\t", " ");
}
