import type { ITheme } from "@xterm/xterm";

const LIGHT: ITheme = {
  background: "#fbfaf8",
  foreground: "#22252b",
  cursor: "#b9431a",
  selectionBackground: "#f3d9c4",
  black: "#22252b",
  red: "#b3261e",
  green: "#256b35",
  yellow: "#8a5a00",
  blue: "#1f5fae",
  magenta: "#8b3a8f",
  cyan: "#0f6b76",
  white: "#6b7078",
  brightBlack: "#5d626b",
  brightRed: "#c4302b",
  brightGreen: "#2c7d3f",
  brightYellow: "#94630a",
  brightBlue: "#2a6cc0",
  brightMagenta: "#9b489f",
  brightCyan: "#137a86",
  brightWhite: "#22252b",
};

const DARK: ITheme = {
  background: "#15171b",
  foreground: "#dfe1e6",
  cursor: "#ff9a62",
  selectionBackground: "#4a3527",
  black: "#2a2d33",
  red: "#ff8a80",
  green: "#86d993",
  yellow: "#e6c06c",
  blue: "#82b7ff",
  magenta: "#dba1e0",
  cyan: "#73d2de",
  white: "#c3c7ce",
  brightBlack: "#8a9099",
  brightRed: "#ffa79f",
  brightGreen: "#a5e8af",
  brightYellow: "#f2d38c",
  brightBlue: "#a5ccff",
  brightMagenta: "#e8bdec",
  brightCyan: "#97e2eb",
  brightWhite: "#ffffff",
};

const dark = matchMedia("(prefers-color-scheme: dark)");

export function currentTheme(): ITheme {
  return dark.matches ? DARK : LIGHT;
}

export function onThemeChange(changed: (theme: ITheme) => void): void {
  dark.addEventListener("change", () => changed(currentTheme()));
}
