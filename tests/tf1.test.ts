import { readFileSync } from "node:fs";
import {
  bidirectional,
  type CellSpec,
  compile,
  gruCell,
  input,
  type LayerSpec,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
  State,
  tensor,
} from "@unroll/api";
import { fromTf1, readSafetensors, type Tf1Binding, toTf1 } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

interface CellOptions {
  readonly num_units: number;
  readonly forget_bias?: number;
  readonly use_peepholes?: boolean;
  readonly num_proj?: number;
}
interface Recorded {
  readonly name: string;
  readonly cells: readonly (readonly [
    kind: "BasicLSTMCell" | "LSTMCell" | "GRUCell" | "BasicRNNCell",
    options: CellOptions,
  ])[];
  readonly lengths: readonly number[] | null;
  readonly bidirectional: boolean;
  readonly initial: boolean;
  readonly variables: readonly string[];
}

const folder = new URL("../fixtures/tf1/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly Recorded[];
};

const cellOf = (kind: Recorded["cells"][number][0], inputSize: number, o: CellOptions): CellSpec =>
  kind === "GRUCell"
    ? gruCell({ inputSize, units: o.num_units, resetAfter: false })
    : kind === "BasicRNNCell"
      ? simpleRnnCell({ inputSize, units: o.num_units })
      : lstmCell({
          inputSize,
          units: o.num_units,
          peepholes: o.use_peepholes ?? false,
          projection: o.num_proj ?? null,
        });

/** The scope of a cell: what its variables' names begin with. */
const scopeOf = (variables: readonly string[], part: RegExp): string =>
  /^(.*_cell)\//.exec(variables.find((name) => part.test(name))!)![1]!;

function load(one: Recorded) {
  const { tensors } = readSafetensors(readFileSync(new URL(`${one.name}.safetensors`, folder)));
  const layers: LayerSpec[] = [];
  const bindings: Tf1Binding[] = [];
  const forget = (o: CellOptions) => (o.forget_bias === undefined ? {} : { forgetBias: o.forget_bias });
  if (one.bidirectional) {
    const [[kind, options]] = one.cells as [Recorded["cells"][number]];
    layers.push(bidirectional({ name: "layer0", input: "x", forward: cellOf(kind, 3, options) }));
    bindings.push({
      layer: "layer0",
      scope: scopeOf(one.variables, /\/fw\//),
      backwardScope: scopeOf(one.variables, /\/bw\//),
      ...forget(options),
    });
  } else {
    let size = 3;
    one.cells.forEach(([kind, options], k) => {
      layers.push(
        recurrent({
          name: `layer${k}`,
          input: k === 0 ? "x" : `layer${k - 1}`,
          cell: cellOf(kind, size, options),
        }),
      );
      bindings.push({
        layer: `layer${k}`,
        scope: scopeOf(one.variables, one.cells.length > 1 ? new RegExp(`/cell_${k}/`) : /./),
        ...forget(options),
      });
      size = options.num_proj ?? options.num_units;
    });
  }
  const model = spec({ name: one.name, inputs: [input({ name: "x", shape: [3] })], layers });
  const variables = Object.fromEntries(one.variables.map((name) => [name, tensors[name]!]));
  const float = (name: string) => tensor(tensors[name]!.data as Float32Array, tensors[name]!.shape);
  const state = one.initial ? { layer0: { c: float("initial.c"), h: float("initial.h") } } : undefined;
  const x = float("x");
  const run: Run = {
    inputs: { x },
    state,
    lengths: one.lengths ? tensor([...one.lengths], [one.lengths.length], "int32") : undefined,
  };
  /** TensorFlow's results by what they are called here. */
  const part = (k: number, name: string): readonly [string, string] =>
    one.bidirectional ? ["layer0", `${k === 0 ? "forward" : "backward"}.${name}`] : [`layer${k}`, name];
  const states = Object.keys(tensors).flatMap((key) => {
    const [, k, name] = /^f64\.(\d+)\.([hc])$/.exec(key) ?? [];
    return k === undefined ? [] : [{ key, at: part(Number(k), name!) }];
  });
  return { tensors, model, bindings, variables, x, run, states, state, output: model.outputs[0]! };
}

describe.each(cases.map((one) => [one.name, one] as const))("TensorFlow 1 cells: %s", (_name, one) => {
  const { tensors, model, bindings, variables, x, run, states, state, output } = load(one);
  const { weights, losses } = fromTf1(model, variables, bindings);
  const exactly = losses.length === 0;

  it("come in, and go out again as they were", () => {
    expect(losses.every(({ kind }) => kind === "shifted")).toBe(true);
    expect(exactly).toBe(!one.cells.some(([kind, o]) => kind.endsWith("LSTMCell") && o.forget_bias !== 0));
    const back = toTf1(model, weights, bindings).weights;
    expect(Object.keys(back).sort()).toEqual(one.variables.map((name) => name.replace(":0", "")).sort());
    for (const name of one.variables) {
      const [got, want] = [back[name.replace(":0", "")]!, variables[name]!];
      expect(got.shape).toEqual(want.shape);
      // Half a unit in the last place of a number below 2, once on the way in and once out.
      got.data.forEach((value, k) =>
        expect(Math.abs(value - (want.data as Float32Array)[k]!), `${name}[${k}]`).toBeLessThanOrEqual(
          exactly ? 0 : 2 ** -23,
        ),
      );
    }
  });

  it("are what the oracle computes: to 1e-12, or where the forget bias was rounded, within the bound", () => {
    const { exact, bounds } = deriveBounds(model, weights, run);
    const held = (key: string, got: (typeof exact.outputs)[string], bound: typeof got): void => {
      const want = tensors[key]!;
      expect(got.shape).toEqual(want.shape);
      got.data.forEach((value, k) =>
        expect(Math.abs(value - (want.data as Float64Array)[k]!), `${key}[${k}]`).toBeLessThan(
          exactly ? 1e-12 : bound.data[k]! + 1e-30,
        ),
      );
    };
    held("f64.output", exact.outputs[output]!, bounds.outputs[output]!);
    expect(states.length).toBeGreaterThan(0);
    for (const {
      key,
      at: [layer, part],
    } of states)
      held(key, exact.state[layer]![part]!, bounds.state[layer]![part]!);
  });

  it.each(Object.entries(engines))("run on %s within the bound", async (_engine, make) => {
    const { exact, bounds } = deriveBounds(model, weights, run);
    const compiled = await compile(model, { adapter: make(), weights });
    const result = await compiled.sequence(x, {
      ...(one.lengths && { lengths: one.lengths }),
      ...(state && { state: State.fromTypedArrays(state) }),
    });
    expect(
      compareWithBound(result.output, exact.outputs[output]!, bounds.outputs[output]!).errorOverBound,
    ).toBeLessThan(1);
    const after = await result.state.toTypedArrays();
    for (const {
      at: [layer, part],
    } of states)
      expect(
        compareWithBound(after[layer]![part]!, exact.state[layer]![part]!, bounds.state[layer]![part]!)
          .errorOverBound,
      ).toBeLessThan(1);
    compiled.dispose();
  });
});

describe("tf1 weights", () => {
  const of = (cell: CellSpec) =>
    spec({
      name: "m",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [recurrent({ name: "a", input: "x", cell })],
    });

  it("go by the scopes of dynamic_rnn where no binding says another", () => {
    const { weights } = fromTf1(of(lstmCell({ inputSize: 1, units: 1 })), {
      "a/rnn/lstm_cell/kernel:0": tensor([
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ]),
      "a/rnn/lstm_cell/bias:0": tensor([1, 2, 3, 4]),
    });
    expect([...weights["a.kernel"]!.data]).toEqual([1, 3, 2, 4]);
    expect([...weights["a.recurrentKernel"]!.data]).toEqual([5, 7, 6, 8]);
    expect([...weights["a.bias"]!.data]).toEqual([1, 4, 2, 4]);
  });

  it.each<[string, CellSpec, RegExp]>([
    [
      "a reset after the product",
      gruCell({ inputSize: 1, units: 1 }),
      /tf1 weights of gru "a": expected a reset before the product, .* TensorFlow 1 computes, got resetAfter/,
    ],
    [
      "other gates",
      lstmCell({ inputSize: 1, units: 1, recurrentActivation: "hardSigmoidFifth" }),
      /expected recurrentActivation sigmoid/,
    ],
    ["no bias", lstmCell({ inputSize: 1, units: 1, bias: "none" }), /expected a bias/],
  ])("refuse %s", (_what, cell, message) => {
    expect(() => fromTf1(of(cell), {})).toThrow(message);
  });

  it("list what is missing and unexpected in one error", () => {
    expect(() =>
      fromTf1(of(gruCell({ inputSize: 1, units: 2, resetAfter: false })), {
        "a/rnn/gru_cell/gates/kernel": tensor([[1, 2]]),
        w_ru: tensor([1]),
      }),
    ).toThrow(
      new RegExp(
        'tf1 variables of "m": expected 4 weights, got 3 missing, 1 unexpected, 1 mis-shaped: missing ' +
          String.raw`a/rnn/gru_cell/gates/bias \[4\].*unexpected w_ru.*is \[1, 2\], not \[3, 4\]`,
      ),
    );
  });
});
