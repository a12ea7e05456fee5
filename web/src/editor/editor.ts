import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";

import { theme } from "./theme";

export interface EditorHandlers {
  run(): void;
  changed(code: string): void;
}

export class Editor {
  private readonly view: EditorView;

  constructor(parent: HTMLElement, code: string, handlers: EditorHandlers) {
    const run = () => {
      handlers.run();
      return true;
    };
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: code,
        extensions: [
          keymap.of([{ key: "Mod-Enter", run }]), // before the default keys, which have another use for it
          lineNumbers(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSpecialChars(),
          drawSelection(),
          history(),
          indentOnInput(),
          indentUnit.of("    "),
          bracketMatching(),
          python(),
          theme,
          EditorState.tabSize.of(4),
          EditorView.contentAttributes.of({
            "aria-label": "Python program. Tab indents; Escape, then Tab, leaves the editor.",
          }),
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.changed(this.code);
          }),
        ],
      }),
    });
  }

  get code(): string {
    return this.view.state.doc.toString();
  }

  focus(): void {
    this.view.focus();
  }
}
