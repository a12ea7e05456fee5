/** Bytes of a code point in UTF-8; a lone surrogate counts as U+FFFD, as which it is sent. */
function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += bytesOf(character.codePointAt(0)!);
  return bytes;
}

/** Splits at the first character that starts at or after `bytes`. */
export function splitAtByte(text: string, bytes: number): [string, string] {
  let at = 0;
  let seen = 0;
  for (const character of text) {
    if (seen >= bytes) break;
    seen += bytesOf(character.codePointAt(0)!);
    at += character.length;
  }
  return [text.slice(0, at), text.slice(at)];
}

/** The text with every lone surrogate, which UTF-8 cannot carry, as U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}
