// The icons of the labelling tools, drawn on 20 x 20 like those of index.html.
const paths: Record<string, string> = {
  select: "M5 3l10 6.500-4.400 1.200 2.600 4.800-1.900 1-2.600-4.900L5 15z",
  box: "M3.500 4.500h13v11h-13z",
  rotated: "M10.200 2.500l7.300 6.300-7.700 8.700-7.300-6.300z",
  block8: "M3 3h14v14H3zM3 7.700h14M3 12.300h14M7.700 3v14M12.300 3v14",
  block16: "M3 3h14v14H3zM3 10h14M10 3v14",
  brush: "M16.500 3.500c-3 1-6.500 4-7.700 6.500l1.700 1.700c2.500-1.200 5.500-4.700 6.500-7.700zM8 11c-2 0-3 1.500-3 3 0 1-.8 1.800-2 2 3 1.300 6.700.3 6.700-3",
  polygon: "M4 7l6-4 6.500 5-2 8-8 .500z",
  eraser: "M8 16.500h9M11.500 4l5 5-7.500 7.500H6L3 13.500z",
  clicks: "M4 12c-1.500-4 1-8.500 5-8.500s8 2.500 7 7-4.500 6.500-7.500 6M9 7.500v5M6.500 10h5",
  normal: "M3.500 10.500l4.500 4.500 8.500-10",
  undo: "M7 4L3 8l4 4M3 8h9a4.500 4.500 0 0 1 0 9H8",
  redo: "M13 4l4 4-4 4M17 8H8a4.500 4.500 0 0 0 0 9h4",
  next: "M7.500 4l6 6-6 6",
  back: "M12.500 4l-6 6 6 6",
};

export function toolIcon(name: string): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg"), path = document.createElementNS(ns, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
