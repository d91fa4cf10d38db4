import { readFileSync } from "node:fs";
import { join } from "node:path";
import { activationNames } from "@unroll/api";
import { faults, tableFaults } from "@unroll/conformance";
import { expect, it } from "vitest";
import { root, textOf } from "./pages.js";

const passage = (): number => {
  const file = readFileSync(join(root, "fixtures/models/charlm/charlm.json"), "utf8");
  return [...(JSON.parse(file) as { passage: string }).passage].length;
};
const words = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];

/** Figures that pages state, each as it would be written, and how many there are. Sizes: check-size. */
const figures: readonly (readonly [page: string, text: (count: number) => string, count: () => number])[] = [
  ["README.md", (count) => `a ${count.toLocaleString("en")}-character passage`, passage],
  ["packages/api/README.md", (count) => `any\nof ${words[count]} activations`, () => activationNames.length],
  ["conformance/README.md", (count) => `${count} ways to break an engine`, () => faults.length],
  ["conformance/README.md", (count) => `${count} more are wrong weight tables`, () => tableFaults.length],
  ["docs/faults.md", (count) => `${count} ways to break an honest engine`, () => faults.length],
];

it.each(figures)("%s counts right: figure %#", (page, text, count) => {
  expect(textOf(page)).toContain(text(count()));
});
