import type { IDecoration, IMarker, Terminal } from "@xterm/xterm";

const MARKS_MAX = 400; // lines; older ones keep their colour and lose their bar

const marks = new WeakMap<Terminal, IDecoration[]>();

/** Puts a bar beside each line between begin and end, so that stderr is told apart without colours too. */
export function markStderr(screen: Terminal): { begin(): void; end(): void } {
  let first: IMarker | undefined;
  return {
    begin() {
      first = screen.registerMarker(0);
    },
    end() {
      const { baseY, cursorY, cursorX } = screen.buffer.active;
      const cursor = baseY + cursorY;
      const last = cursorX > 0 ? cursor : cursor - 1;
      const from = Math.max(first && first.line >= 0 ? first.line : 0, last - MARKS_MAX + 1);
      for (let line = from; line <= last; line += 1) markLine(screen, line - cursor);
      first?.dispose();
    },
  };
}

function markLine(screen: Terminal, offset: number): void {
  const marker = screen.registerMarker(offset);
  const bar = marker && screen.registerDecoration({ marker, x: 0, width: 1 });
  if (!bar) return;
  bar.onRender((element) => element.classList.add("stderr-mark"));
  const all = marks.get(screen) ?? [];
  all.push(bar);
  if (all.length > MARKS_MAX) all.shift()?.dispose();
  marks.set(screen, all);
}
