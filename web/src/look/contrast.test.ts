import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const [light, dark] = css.split('data-theme="dark"') as [string, string];

function colour(theme: string, name: string): number[] {
  const hex = new RegExp(`--${name}: #([0-9a-f]{6});`).exec(theme)?.[1];
  if (hex === undefined) throw new Error(`no colour --${name}`);
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
}

/** WCAG 2.2, relative luminance. */
function luminance(rgb: number[]): number {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(theme: string, one: string, other: string): number {
  const [high, low] = [luminance(colour(theme, one)), luminance(colour(theme, other))].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const pairs: [string, string[]][] = [
  ["ink", ["ground", "surface", "raised", "sunken", "hover", "own", "other", "tint"]],
  ["ink-soft", ["ground", "surface", "raised", "sunken", "hover", "other"]],
  ["own-soft", ["own"]],
  ["accent", ["surface", "raised", "ground", "other", "hover", "sunken"]],
  ["on-accent", ["accent"]],
  ["on-tint", ["tint", "own"]],
  ["danger", ["surface", "raised", "danger-tint", "ground"]],
];

describe.each([["light", light], ["dark", dark]])("in %s", (_name, theme) => {
  it.each(pairs.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const)))(
    "%s can be read on %s",
    (text, ground) => expect(contrast(theme, text, ground)).toBeGreaterThanOrEqual(4.5),
  );
});
