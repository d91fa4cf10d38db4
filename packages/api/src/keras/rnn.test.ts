import { readFileSync } from "node:fs";
import { compareWithBound, deriveBounds, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { readSafetensors } from "../formats/safetensors.js";
import { toFloat32 } from "../formats/named-tensor.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { specState } from "../specification/state.js";
import type { Spec } from "../specification/types.js";
import type { Cell } from "./cell-layers.js";
import { layers, sequential } from "./index.js";

interface Recorded {
  readonly name: string;
  readonly cells: readonly (readonly [
    kind: "LSTMCell" | "GRUCell" | "SimpleRNNCell" | "MinimalGatedCell",
    options: { readonly units: number },
  ])[];
  readonly options: Readonly<Record<string, boolean>>;
  readonly masked: boolean;
  readonly bidirectional: boolean;
  readonly calls: number;
  readonly initial: number;
  readonly weights: readonly string[];
  readonly h5: readonly string[];
  readonly results: number;
}

const folder = new URL("../../../../fixtures/keras-rnn/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly Recorded[];
};
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const camelled = (options: object): Record<string, never> =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value as never]));

/** As the cell in `record.py`. */
const minimalGated = (inputSize: number, units: number): CustomCellSpec =>
  customCell({
    name: "MinimalGatedCell",
    inputSize,
    state: { h: units },
    weights: { kernel: [inputSize, 2 * units], recurrent_kernel: [units, 2 * units], bias: [2 * units] },
    step(b, { x, state: { h }, weights: w }) {
      const pre = b.add(b.matmul(x, w.kernel), w.bias);
      const f = b.sigmoid(
        b.add(b.slice(pre, 1, 0, units), b.matmul(h, b.slice(w.recurrent_kernel, 1, 0, units))),
      );
      const n = b.tanh(
        b.add(
          b.slice(pre, 1, units, units),
          b.matmul(b.mul(f, h), b.slice(w.recurrent_kernel, 1, units, units)),
        ),
      );
      return { state: { h: b.add(b.mul(b.sub(b.constant(1), f), h), b.mul(f, n)) } };
    },
  });

function modelOf({ cells, options, bidirectional }: Recorded): ReturnType<typeof sequential> {
  let size = 3;
  const made = cells.map(([kind, given]): Cell | CustomCellSpec => {
    const inputSize = size;
    size = given.units;
    const o = { ...camelled(given), units: given.units };
    if (kind === "MinimalGatedCell") return minimalGated(inputSize, given.units);
    return kind === "LSTMCell"
      ? layers.lstmCell(o)
      : kind === "GRUCell"
        ? layers.gruCell(o)
        : layers.simpleRnnCell(o);
  });
  const rnn = layers.rnn({
    cell: made.length === 1 ? made[0]! : made,
    ...camelled(options),
    inputShape: [null, 3],
  });
  return sequential([bidirectional ? layers.bidirectional({ layer: rnn }) : rnn]);
}

/** What a stateful layer has seen after `calls` calls with x [batch, time, size]. */
function repeated(x: HostTensor<"float32">, calls: number): HostTensor<"float32"> {
  const [batch, time, size] = x.shape as [number, number, number];
  const row = (k: number): number[] => [...x.data.subarray(k * time * size, (k + 1) * time * size)];
  const rows = Array.from({ length: batch }, (_, k) => Array.from({ length: calls }, () => row(k)).flat());
  return tensor(rows.flat(), [batch, calls * time, size]);
}

/** An initial state as Keras lists it: in the order of the spec. */
function stateOf(spec: Spec, initial: readonly HostTensor[]): NonNullable<Run["state"]> {
  const state: Record<string, Record<string, HostTensor>> = {};
  specState(spec).forEach(({ layer, part }, k) => {
    if (initial[k]) (state[layer] ??= {})[part] = initial[k];
  });
  return state;
}

describe.each(cases.map((one) => [one.name, one] as const))("RNN(cell) of Keras: %s", (_name, one) => {
  it.each(["weights", "h5"] as const)("gives what Keras gave, from weights named as %s", async (naming) => {
    const { tensors } = readSafetensors(readFileSync(new URL(`${one.name}.safetensors`, folder)));
    const model = modelOf(one);
    expect(model.weightSpecs.map(({ name }) => name)).toEqual(one.weights);
    expect(
      model.loadWeights(Object.fromEntries(one.weights.map((name, k) => [one[naming][k]!, tensors[name]!]))),
    ).toEqual([]);
    const mask = tensors["mask"];
    const initial = Array.from({ length: one.initial }, (_, k) => toFloat32(tensors[`initial.${k}`]!));
    const { bounds } = deriveBounds(model.spec, model.canonicalWeights(), {
      inputs: { [model.spec.inputs[0]!.name]: repeated(toFloat32(tensors["x"]!), one.calls) },
      mask: mask && { dtype: "bool", shape: mask.shape, data: mask.data as Uint8Array },
      state: stateOf(model.spec, initial),
    });
    let out: HostTensor | HostTensor[] = [];
    for (let call = 0; call < one.calls; call++) {
      out = await model.predict(toFloat32(tensors["x"]!), {
        ...(mask && { mask: { dtype: "bool", shape: mask.shape, data: mask.data as Uint8Array } }),
        ...(one.initial > 0 && { initialState: initial }),
      });
    }
    const got = Array.isArray(out) ? out : [out];
    expect(got).toHaveLength(one.results);
    got.forEach((result, k) => {
      const want = tensors[`f64.${k}`]!;
      expect(result.shape).toEqual(want.shape);
      expect(
        compareWithBound(
          result,
          { shape: want.shape, data: want.data as Float64Array },
          bounds.outputs[model.spec.outputs[k]!]!,
        ).errorOverBound,
        `result ${k}`,
      ).toBeLessThan(1);
    });
  });
});

describe("layers.rnn", () => {
  it("steps a stack through the core, its cells' states apart", async () => {
    const model = sequential([
      layers.rnn({
        cell: layers.stackedRNNCells({
          cells: [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 3 })],
        }),
        returnSequences: true,
        inputShape: [null, 1],
        name: "both",
      }),
    ]);
    expect(model.spec.layers.map(({ name }) => name)).toEqual(["both/cell0", "both"]);
    model.setWeights(
      model.weightSpecs.map(({ shape }, n) => ({
        dtype: "float32",
        shape,
        data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + n)),
      })),
    );
    const whole = (await model.predict([[[1], [2], [3]]])) as HostTensor;
    const core = await model.compile();
    let s = core.zeroState(1);
    for (const [t, x] of [1, 2, 3].entries()) {
      const { output, state } = await core.step([[x]], s);
      expect(output.data).toEqual(whole.data.slice(3 * t, 3 * t + 3));
      s = state;
    }
    expect(
      Object.entries(await s.toTypedArrays()).map(
        ([layer, parts]) => `${layer}: ${Object.keys(parts).join(", ")}`,
      ),
    ).toEqual(["both/cell0: h, c", "both: h"]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "an option it does not have",
      () => layers.rnn({ cell: layers.lstmCell({ units: 1 }), returnSequence: true } as never),
      'the nearest is "returnSequences"',
    ],
    [
      "something else than a cell",
      () => layers.rnn({ cell: layers.lstm({ units: 1 }) as never }),
      "rnn: expected a cell, got RecurrentLayer; make it with layers.lstmCell",
    ],
    ["no cells", () => layers.rnn({ cell: [] }), "stacked_rnn_cells: expected cells, got none"],
    [
      "a stack to run both ways",
      () =>
        layers.bidirectional({
          layer: layers.rnn({ cell: [layers.lstmCell({ units: 1 }), layers.lstmCell({ units: 1 })] }),
        }),
      "bidirectional: expected one cell a direction, got a stack of 2",
    ],
    [
      "a cell for another input",
      () => sequential([layers.rnn({ cell: minimalGated(4, 2), inputShape: [null, 3] })]).spec,
      'cell "MinimalGatedCell": expected an input of 4 features, got 3',
    ],
    [
      "a cell's misspelt option",
      () => layers.gruCell({ units: 1, resetAftr: true } as never),
      'the nearest is "resetAfter"',
    ],
  ])("refuses %s", (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
