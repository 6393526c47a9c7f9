// The lines where a heat map crosses the threshold.

/** Strokes contours as the Go instance gives them (number of points, then their places as parts of the picture) on a canvas, for a picture of w x h there. */
export function strokeContours(pen: CanvasRenderingContext2D, flat: Float32Array, w: number, h: number, thick: number): void {
  // Points nearer to each other than this are not told apart; strokes of many short pieces cost a slow frame.
  const near = 2 * thick;
  pen.beginPath();
  for (let i = 0; i < flat.length;) {
    const n = flat[i++];
    let lastX = Infinity, lastY = Infinity;
    for (let k = 0; k < n; k++, i += 2) {
      const x = flat[i] * w, y = flat[i + 1] * h;
      if (!k) pen.moveTo(x, y);
      else if (Math.abs(x - lastX) + Math.abs(y - lastY) < near) continue;
      else pen.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
    pen.closePath();
  }
  pen.lineJoin = "bevel";
  pen.lineWidth = 3.5 * thick;
  pen.strokeStyle = "rgba(0, 0, 0, 0.65)";
  pen.stroke();
  pen.lineWidth = 1.5 * thick;
  pen.strokeStyle = "#7df9ff";
  pen.stroke();
}
