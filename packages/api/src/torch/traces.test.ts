import { expect, it } from "vitest";
import type { TracedModel } from "./execute-traced.js";
import { Traces } from "./traces.js";

/** What counts here of a traced model: whether it was freed. */
const model = () => {
  const made = { freed: 0, dispose: () => void made.freed++ };
  return made as typeof made & TracedModel;
};

it("keeps sixteen, and frees the one that was not used for longest when no run needs it", async () => {
  const traces = new Traces();
  const models = Array.from({ length: 20 }, model);
  models.slice(0, 16).forEach((one, k) => traces.keep(`${k}`, Promise.resolve(one)));
  await traces.run("0", async () => undefined);
  let end = (): void => undefined;
  const running = traces.run("1", () => new Promise<void>((resolve) => (end = resolve)));
  models.slice(16).forEach((one, k) => traces.keep(`${16 + k}`, Promise.resolve(one)));
  await new Promise((resolve) => setTimeout(resolve));
  expect(traces.count).toBe(16);
  expect(models.map(({ freed }) => freed)).toEqual([
    0,
    0,
    1,
    1,
    1,
    1,
    ...Array.from({ length: 14 }, () => 0),
  ]);
  traces.clear();
  end();
  await running;
  await new Promise((resolve) => setTimeout(resolve));
  expect(models.map(({ freed }) => freed)).toEqual(Array.from({ length: 20 }, () => 1));
});

it("does not keep what can't be made", async () => {
  const traces = new Traces();
  traces.keep("a", Promise.reject(new Error("no engine")));
  await expect(traces.run("a", async () => undefined)).rejects.toThrow("no engine");
  expect(traces.has("a")).toBe(false);
});
