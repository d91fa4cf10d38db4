import { readFile } from "node:fs/promises";
import {
  compile,
  type HostTensor,
  type Spec,
  type SteppableModel,
  tensor,
  type WeightMap,
  whyNotSteppable,
} from "@unroll/api";
import { type AnyTensor, fromKeras, fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly weights: "torch" | "keras";
  readonly spec: Spec;
}

const folder = new URL("../fixtures/layers-norms/", import.meta.url);
const { cases } = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")) as {
  cases: Recorded[];
};

interface Case {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly x: HostTensor;
  readonly lengths: readonly number[] | null;
  readonly run: Run;
  /** What the framework computed in float64. */
  readonly want: Float64Array;
}

async function load({ file, weights: framework, spec: model }: Recorded): Promise<Case> {
  const { tensors } = readSafetensors(await readFile(new URL(file, folder)));
  const { x: given, "f64.layer": want, lengths: ends, ...held } = tensors as Record<string, AnyTensor>;
  const named = Object.fromEntries(Object.entries(held).map(([key, one]) => [key.slice("w.".length), one]));
  const { weights } = framework === "torch" ? fromTorch(model, named) : fromKeras(model, named);
  const x = tensor(given!.data as Float32Array, given!.shape, model.inputs[0]!.dtype);
  const lengths = ends ? Array.from(ends.data as Int32Array) : null;
  return {
    model,
    weights,
    x,
    lengths,
    want: want!.data as Float64Array,
    run: {
      inputs: { x },
      lengths: lengths ? tensor(lengths, [lengths.length], "int32") : undefined,
    },
  };
}

/** Computed when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let value: { readonly known: T } | undefined;
  return () => (value ??= { known: compute() }).known;
}

/** Step t of a sequence [batch, time, ...]. */
function stepOf(x: HostTensor, t: number): HostTensor {
  const [batch, time, ...rest] = x.shape as [number, number, ...number[]];
  const size = rest.reduce((a, b) => a * b, 1);
  const data = Float32Array.from(
    { length: batch * size },
    (_, k) => x.data[(Math.floor(k / size) * time + t) * size + (k % size)]!,
  );
  return tensor(x.dtype === "int32" ? Int32Array.from(data) : data, [batch, ...rest], x.dtype);
}

/** What a model gives step by step, [batch, time, ...]; of what has no time the last. */
async function byStep(model: SteppableModel, x: HostTensor, whole: HostTensor): Promise<HostTensor> {
  const [batch, time] = x.shape as [number, number];
  let state = model.zeroState(batch);
  const steps: HostTensor[] = [];
  for (let t = 0; t < time; t++) {
    const result = await model.step(stepOf(x, t), state);
    steps.push(result.output);
    state = result.state;
  }
  state.dispose();
  if (steps[0]!.shape.length === whole.shape.length) return steps[time - 1]!;
  const size = whole.data.length / batch / time;
  const data = new Float32Array(whole.data.length);
  steps.forEach((one, t) => {
    for (let row = 0; row < batch; row++)
      data.set((one.data as Float32Array).subarray(row * size, (row + 1) * size), (row * time + t) * size);
  });
  return tensor(data, whole.shape);
}

it("has at least 20 cases of PyTorch and some of Keras", () => {
  expect(cases.filter(({ weights }) => weights === "torch").length).toBeGreaterThanOrEqual(20);
  expect(cases.filter(({ weights }) => weights === "keras").length).toBeGreaterThanOrEqual(10);
});

describe.each(cases.map((one) => [one.name, one] as const))("%s, as recorded", (_name, recorded) => {
  const judged = once(async () => {
    const { model, weights, run } = await load(recorded);
    return deriveBounds(model, weights, run);
  });

  it("is what the oracle computes of the same weights, to 1e-12", async () => {
    const { model, weights, run, want } = await load(recorded);
    const { shape, data: got } = evaluate(model, weights, run).outputs["layer"]!;
    expect(got.length).toBe(want.length);
    if (/(weight|spectral)_norm/.test(recorded.name)) {
      // What is computed of other weights is rounded to float32 once.
      const { bounds } = await judged();
      const given = { dtype: "float32", shape, data: Float32Array.from(want) } as const;
      expect(
        compareWithBound(given, { shape, data: got }, bounds.outputs["layer"]!).errorOverBound,
      ).toBeLessThan(1);
      return;
    }
    want.forEach((value, k) => expect(Math.abs(got[k]! - value), `[${k}]`).toBeLessThan(1e-12));
  });

  it.each(Object.entries(variants))(
    "is what %s computes, whole and by steps, within the bound",
    async (_engine, make) => {
      const { model, weights, x, lengths } = await load(recorded);
      const { exact, bounds } = await judged();
      const [want, bound] = [exact.outputs["layer"]!, bounds.outputs["layer"]!];
      const compiled = (await compile(model, { adapter: make(), weights })) as SteppableModel;
      try {
        const { output } = await compiled.sequence(x, lengths ? { lengths: [...lengths] } : {});
        expect(output.shape).toEqual(want.shape);
        expect(compareWithBound(output, want, bound).errorOverBound).toBeLessThan(1);
        if (lengths || model.inputs[0]!.axis === null || whyNotSteppable(model) !== null) return;
        expect(compareWithBound(await byStep(compiled, x, output), want, bound).errorOverBound).toBeLessThan(
          1,
        );
      } finally {
        compiled.dispose();
      }
    },
  );
});
