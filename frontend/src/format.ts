// Numbers, sizes, times and names as people read them.
import type { Request } from "./api";

/** A part of 1 as a measure: three places, as papers give it. */
export const measure = (v: number | null | undefined): string => v === null || v === undefined ? "–" : v.toFixed(3);

/** Milliseconds of labelling. */
export function spent(millis: number): string {
  const s = Math.round(millis / 1000), min = Math.round(s / 60); // rounded first: there is no 60th second or minute
  if (millis < 9950) return (millis / 1000).toFixed(1) + " s";
  if (s < 100) return s + " s";
  return s < 6000 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(min / 60)} h ${min % 60} min`;
}

/** Seconds that something will still take; "" where that is not known. */
export function left(seconds: number): string {
  if (!(seconds >= 0)) return "";
  if (seconds < 90) return `about ${Math.max(Math.ceil(seconds), 1)} s left`;
  return seconds < 5400 ? `about ${Math.round(seconds / 60)} min left` : `about ${(seconds / 3600).toFixed(1)} h left`;
}

export function bytes(n: number): string {
  if (n < 1000) return n + " B";
  if (n < 999_500) return (n / 1000).toPrecision(3) + " KB";
  return n < 999_500_000 ? (n / 1e6).toPrecision(3) + " MB" : (n / 1e9).toPrecision(3) + " GB";
}

export function when(time: string | undefined): string {
  const at = new Date(time ?? "");
  if (!time || isNaN(at.getTime()) || at.getTime() <= 0) return "–";
  return at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export type Supervision = Request["supervision"];

/** What a kind of supervision is called, and what it learns from. */
export const supervisions: Record<Supervision, { name: string; from: string }> = {
  none: { name: "Normal pictures only", from: "the distance to normal pictures, without training" },
  un: { name: "Simulated defects", from: "normal pictures and simulated defects" },
  semi: { name: "Boxes", from: "boxes around defects" },
  sup: { name: "Blocks or pixels", from: "defects marked by blocks or pixels" },
};

/** That a detector's word on a picture says little: from 1 on, unlike says that it is of something else. */
export const strangeness = (unlike: number, detector: string): string => unlike < 1 ? "" :
  `This picture is not like those that the detector ${detector} learnt from: its heat map and score say little.`;

export const supervisionName = (s: string): string => supervisions[s as Supervision]?.name ?? s;
