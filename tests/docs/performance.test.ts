import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("the page of speed and its charts are made from what was measured", async () => {
  const script = new URL("../../bench/page.mjs", import.meta.url).href;
  const { made } = (await import(/* @vite-ignore */ script)) as { made(): [URL, string][] };
  const files = made();
  expect(files.length).toBeGreaterThan(1);
  for (const [file, text] of files) expect(readFileSync(file, "utf8"), file.pathname).toBe(text);
});
