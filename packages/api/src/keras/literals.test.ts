import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allocate, type HostTensor, sizeOf, tensor } from "../contract/tensor.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { type Layer, layers, sequential } from "./index.js";

interface Construct {
  readonly construct: "arange" | "ones";
  readonly shape?: readonly number[];
  readonly reshape?: readonly number[];
}
type Filled = { readonly constant: number; readonly forget_slice?: number };
interface CellConfig {
  readonly cell: "OneStateRNNCell" | "TwoStatesRNNCell";
  readonly units: number;
}
interface LayerConfig {
  readonly class_name:
    "SimpleRNN" | "GRU" | "LSTM" | "Bidirectional" | "RNN" | "TimeDistributed" | "Dense" | "MaskedDense";
  readonly units?: number;
  readonly layer?: LayerConfig;
  readonly cell?: CellConfig | readonly CellConfig[];
}
interface Literal {
  readonly id: string;
  readonly layer: LayerConfig & Readonly<Record<string, unknown>>;
  readonly weights: Readonly<Record<string, Filled | Readonly<Record<string, Filled>>>>;
  readonly input: Construct;
  readonly initial_state?: readonly Construct[];
  readonly mask?: readonly (readonly boolean[])[];
  readonly calls?: number;
  readonly tol?: number;
  readonly expected: {
    readonly output?: unknown;
    readonly outputs?: readonly unknown[];
    readonly states?: readonly unknown[];
  };
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../../../fixtures/keras-literals.json", import.meta.url), "utf8"),
) as { cases: readonly Literal[] };

/** The cells that Keras's tests define. */
const testCells: Readonly<Record<CellConfig["cell"], (inputSize: number, units: number) => CustomCellSpec>> =
  {
    OneStateRNNCell: (inputSize, units) =>
      customCell({
        name: "OneStateRNNCell",
        inputSize,
        state: { h: units },
        weights: { kernel: [inputSize, units], recurrent_kernel: [units, units] },
        step: (b, { x, state, weights: w }) => ({
          state: { h: b.add(b.matmul(x, w.kernel), b.matmul(state.h, w.recurrent_kernel)) },
        }),
      }),
    // Both states read the first one; Keras's test does so.
    TwoStatesRNNCell: (inputSize, units) =>
      customCell({
        name: "TwoStatesRNNCell",
        inputSize,
        state: { a: units, b: units },
        weights: {
          kernel: [inputSize, units],
          recurrent_kernel_1: [units, units],
          recurrent_kernel_2: [units, units],
        },
        step(b, { x, state, weights: w }) {
          const fromInput = b.matmul(x, w.kernel);
          const [one, two] = [
            b.add(fromInput, b.matmul(state.a, w.recurrent_kernel_1)),
            b.add(fromInput, b.matmul(state.a, w.recurrent_kernel_2)),
          ];
          return { state: { a: one, b: two }, output: b.add(one, two) };
        },
      }),
  };

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function layerOf(config: LayerConfig, size: number, first: boolean): Layer {
  const { class_name: kind, layer, cell, ...rest } = config as Literal["layer"] & { units: number };
  const options = {
    ...Object.fromEntries(
      Object.entries(rest)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [camel(name), value]),
    ),
    ...(first ? { inputShape: [null, size] } : {}),
  } as { units: number };
  switch (kind) {
    case "SimpleRNN":
      return layers.simpleRnn(options);
    case "GRU":
      return layers.gru(options);
    case "LSTM":
      return layers.lstm(options);
    case "Dense":
      return layers.dense(options);
    case "Bidirectional": {
      const { backwardLayer: _none, ...more } = options as unknown as { backwardLayer: null };
      return layers.bidirectional({ layer: layerOf(layer!, size, false), ...more });
    }
    case "TimeDistributed":
      return layers.timeDistributed({ layer: layerOf(layer!, size, false), ...options });
    case "RNN": {
      if (!Array.isArray(cell))
        return layers.rnn({
          cell: testCells[(cell as CellConfig).cell](size, (cell as CellConfig).units),
          ...options,
        });
      const list = cell as readonly CellConfig[];
      return layers.rnn({
        cell: list.map((one, k) => testCells[one.cell](k === 0 ? size : list[k - 1]!.units, one.units)),
        ...options,
      });
    }
    default:
      throw new Error(`no layer ${kind}`);
  }
}

function made({ construct, shape, reshape }: Construct): HostTensor<"float32"> {
  const size = (shape ?? reshape)!;
  return tensor(
    Float32Array.from({ length: sizeOf(size) }, (_, k) => (construct === "ones" ? 1 : k)),
    size,
  );
}

/** A weight whose elements are one constant, but for the LSTM's second quarter. */
function filled(name: string, shape: readonly number[], weights: Literal["weights"]): HostTensor<"float32"> {
  const way = /(forward|backward)/.exec(name)?.[1];
  const own = (way ? weights[way] : weights) as Readonly<Record<string, Filled>>;
  const { constant, forget_slice: forget } = own[name.slice(name.lastIndexOf("/") + 1)] ?? own["all"]!;
  const data = allocate("float32", sizeOf(shape)).fill(constant);
  return tensor(forget === undefined ? data : data.fill(forget, data.length / 4, data.length / 2), shape);
}

const flat = (value: unknown): number[] => (Array.isArray(value) ? value.flatMap(flat) : [value as number]);

describe("the numbers in Keras's own layer tests", () => {
  // One is of a layer that the test defines for itself, beside a dense one.
  const ours = cases.filter(({ layer }) => layer.layer?.class_name !== "MaskedDense");
  it("are 51 cases", () => expect(ours).toHaveLength(51));

  it.each(ours.map((one) => [one.id, one] as const))("%s", async (_id, one) => {
    const x = made(one.input);
    const model = sequential([layerOf(one.layer, x.shape[2]!, true)]);
    model.setWeights(model.weightSpecs.map(({ name, shape }) => filled(name, shape, one.weights)));
    let out: HostTensor | HostTensor[] = [];
    for (let call = 0; call < (one.calls ?? 1); call++) {
      out = await model.predict(x, {
        ...(one.mask && { mask: one.mask as boolean[][] }),
        ...(one.initial_state && { initialState: one.initial_state.map(made) }),
      });
    }
    const got = Array.isArray(out) ? out : [out];
    const want = [...(one.expected.outputs ?? [one.expected.output]), ...(one.expected.states ?? [])].map(
      flat,
    );
    // Some cases return states that the test does not look at.
    expect(got.length).toBeGreaterThanOrEqual(want.length);
    // Keras's own tolerance: assertAllClose with 1e-6, or what the test says, both absolute and relative.
    const tolerance = one.tol ?? 1e-6;
    want.forEach((values, k) => {
      expect(got[k]!.data.length).toBe(values.length);
      values.forEach((value, j) =>
        expect(Math.abs(got[k]!.data[j]! - value), `result ${k}[${j}]`).toBeLessThanOrEqual(
          tolerance * (1 + Math.abs(value)),
        ),
      );
    });
  });
});
