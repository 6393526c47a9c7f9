// Finding and making elements. There is no framework: the page's parts are in index.html, each module owns some of them.

/** The element with an id, which must be of a class. */
export function $<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found as unknown as T;
}

type Props = Record<string, string | number | boolean | EventListener>;

/** Makes an element. Props that start with "on" are listeners, others attributes; false leaves one out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** An icon of the sprite in index.html, for beside a text or in a named button. */
export function icon(name: string): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const use = document.createElementNS(ns, "use");
  use.setAttribute("href", "#i-" + name);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Sets a text only where it changed, so that screen readers and layout are left in peace. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows an icon of the sprite in place of the one in an svg element. */
export function swapIcon(svg: Element, name: string): void {
  const use = svg.querySelector("use");
  if (use && use.getAttribute("href") !== "#i-" + name) use.setAttribute("href", "#i-" + name);
}

export function plural(n: number, one: string, many = one + "s"): string {
  return `${n} ${n === 1 ? one : many}`;
}
