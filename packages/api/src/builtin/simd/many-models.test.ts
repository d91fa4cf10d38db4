import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { fast } from "../../../../../conformance/test/settings.js";
import { tensor } from "../../contract/tensor.js";
import { lstmCell } from "../../layers/cells.js";
import { recurrent } from "../../layers/layers.js";
import { compile } from "../../model/compile.js";
import { input, spec } from "../../specification/build.js";
import { specWeights } from "../../specification/weights.js";
import { builtin } from "../index.js";
import { heapsOfModule } from "./simd-kernel-source.js";

const cell = lstmCell({ inputSize: 4, units: 16 });
const small = spec({
  name: "small",
  inputs: [input({ name: "x", shape: [4] })],
  layers: [recurrent({ name: "lstm", input: "x", cell })],
});
const weights = Object.fromEntries(
  specWeights(small).map(({ name, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return [
      name,
      tensor(
        Float32Array.from({ length }, (_, k) => Math.sin(k) / 2),
        shape,
      ),
    ];
  }),
);
const model = () => compile(small, { adapter: builtin({ simd: true }), weights });
/** Executables go in a turn of their own. */
const disposed = () => new Promise((resolve) => setTimeout(resolve, 0));
const bytes = (): number => heapsOfModule()!.size;

describe("many models in one process", () => {
  it.skipIf(fast)("has room for 2,000, each with the numbers of one alone, and gives it back", async () => {
    const x = Float32Array.of(1, -2, 3, -4);
    const alone = await model();
    const [want, out] = [new Float32Array(16), new Float32Array(16)];
    alone.stepInto(x, alone.zeroState(1), want);
    const before = bytes();
    const models = await Promise.all(Array.from({ length: 2000 }, model));
    const states = models.map((one) => one.zeroState(1));
    for (const again of [false, true]) {
      models.forEach((one, k) => one.stepInto(x, again ? one.zeroState(1) : states[k]!, out));
      expect(out).toEqual(want);
    }
    // What a model has in arrays is some 12 kB, so they are not padded to more than ten times that.
    expect(bytes() - before).toBeLessThan(2000 * 120_000);
    for (const one of models) one.dispose();
    await disposed();
    expect(bytes()).toBeLessThanOrEqual(Math.max(before, 8 << 20));
    alone.stepInto(x, alone.zeroState(1), out);
    expect(out).toEqual(want);
    alone.dispose();
  });

  it("moves a model with a long sequence; states, results and other models stay as they are", async () => {
    const [one, other] = [await model(), await model()];
    const x = Float32Array.from({ length: 4 }, (_, k) => k - 2);
    const [state, out, want] = [one.zeroState(1), new Float32Array(16), new Float32Array(16)];
    one.stepInto(x, state, out);
    const held = await one.step(tensor(x, [1, 4]), one.zeroState(1));
    const before = held.output.data.slice();
    other.stepInto(x, other.zeroState(1), want);
    const long = await one.sequence(tensor(new Float32Array(4 * 200_000).fill(0.5), [1, 200_000, 4]));
    expect(long.output.data.length).toBe(16 * 200_000);
    expect(held.output.data).toEqual(before);
    const again = new Float32Array(16);
    other.stepInto(x, other.zeroState(1), again);
    expect(again).toEqual(want);
    one.stepInto(x, one.zeroState(1), again);
    expect(again).toEqual(out);
    one.dispose();
    other.dispose();
    await disposed();
    expect(bytes()).toBeLessThanOrEqual(8 << 20);
  });

  it("takes back what models had that nobody disposed of", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const before = bytes();
    await Promise.all(
      Array.from({ length: 800 }, async () => {
        const one = await model();
        one.stepInto(new Float32Array(4), one.zeroState(1), new Float32Array(16));
      }),
    );
    expect(bytes()).toBeGreaterThan(before + (4 << 20));
    for (let turn = 0; turn < 5; turn++) {
      await disposed();
      gc();
    }
    await disposed();
    expect(bytes()).toBeLessThanOrEqual(Math.max(before, 4 << 20));
  });
});
