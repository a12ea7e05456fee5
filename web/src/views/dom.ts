type Properties<K extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[K], "style" | "children" | "attributes">
> & { attributes?: Record<string, string> };

/** Makes an element: h("p", { className: "hint" }, "text", child). */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties<K> = {} as Properties<K>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const { attributes, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries<string>(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets text only where it changed, so that screen readers are not told the same again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
