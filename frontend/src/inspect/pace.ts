// How fast results come, and how long those that are missing will take.

/** Results that the pace is taken from: the last ones, since tiles, sizes and lines differ. */
const recent = 30;

export class Pace {
  private ends: number[] = []; // milliseconds

  /** Takes note of a result. */
  done(now: number): void { this.ends = [...this.ends, now].slice(-recent); }

  /** Forgets: after a pause the time since the last result says nothing. */
  restart(): void { this.ends = []; }

  /** Seconds that n more will take, or -1 where too little is known. */
  left(n: number, now: number): number {
    const steps = this.ends.length - 1;
    if (steps < 2) return -1;
    const mean = (this.ends[steps] - this.ends[0]) / steps;
    // One that takes longer than they did says that they have become slower.
    return (n * Math.max(mean, (now - this.ends[0]) / (steps + 1))) / 1000;
  }
}
