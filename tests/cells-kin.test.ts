import { readFile } from "node:fs/promises";
import {
  compile,
  type CustomCellSpec,
  type HostTensor,
  input,
  recurrent,
  spec,
  type Spec,
  State,
  tensor,
  type WeightMap,
} from "@unroll/api";
import * as cells from "@unroll/api/cells";
import { readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

interface Recorded {
  readonly name: string;
  /** Name of its export. */
  readonly cell: string;
  readonly options: unknown;
  /** Of a cell around another: that other one, and what the wrapper is given beside it. */
  readonly wraps?: { readonly cell: string; readonly options: unknown; readonly given?: unknown };
  readonly lengths: readonly number[] | null;
}

const folder = new URL("../fixtures/cells-kin/", import.meta.url);
const { cases } = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")) as {
  cases: Recorded[];
};

type Make = (...given: unknown[]) => CustomCellSpec;
const named = cells as unknown as Readonly<Record<string, Make>>;
const cellOf = ({ cell, options, wraps }: Recorded): CustomCellSpec =>
  wraps ? named[cell]!(named[wraps.cell]!(wraps.options), wraps.given) : named[cell]!(options);

interface Case {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly run: Run;
  readonly inputs: Readonly<Record<string, HostTensor<"float32">>>;
  readonly state: Readonly<Record<string, HostTensor>>;
  readonly lengths: readonly number[] | null;
  /** What was recorded, in float64. */
  readonly want: Readonly<Record<string, Float64Array>>;
}

async function load(recorded: Recorded): Promise<Case> {
  const { tensors } = readSafetensors(await readFile(new URL(`${recorded.name}.safetensors`, folder)));
  const cell = cellOf(recorded);
  const reads = Object.entries(cell.reads);
  const model = spec({
    name: recorded.name,
    inputs: [
      input({ name: "x", shape: [cell.inputSize] }),
      ...reads.map(([name, { shape }]) => input({ name, shape })),
    ],
    layers: [
      recurrent({
        name: "layer",
        input: "x",
        cell,
        reads: Object.fromEntries(reads.map(([name]) => [name, name])),
      }),
    ],
  });
  const held = (key: string): HostTensor<"float32"> =>
    tensor(tensors[key]!.data as Float32Array, tensors[key]!.shape);
  const under = (prefix: string): string[] =>
    Object.keys(tensors)
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  const state = Object.fromEntries(under("state.").map((part) => [part, held(`state.${part}`)]));
  const inputs = Object.fromEntries([
    ["x", held("x")],
    ...reads.map(([name]) => [name, held(`read.${name}`)] as const),
  ]) as Case["inputs"];
  const { lengths } = recorded;
  return {
    model,
    weights: Object.fromEntries(Object.keys(cell.weights).map((key) => [`layer.${key}`, held(key)])),
    inputs,
    state,
    lengths,
    want: Object.fromEntries(under("f64.").map((key) => [key, tensors[`f64.${key}`]!.data as Float64Array])),
    run: {
      inputs,
      state: { layer: state },
      lengths: lengths ? tensor([...lengths], [lengths.length], "int32") : undefined,
    },
  };
}

/** Computed when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let value: { readonly known: T } | undefined;
  return () => (value ??= { known: compute() }).known;
}

/** Step t of x [batch, time, size]. */
function frame({ shape, data }: HostTensor<"float32">, t: number): HostTensor {
  const [batch, time, size] = shape as [number, number, number];
  const rows = Array.from({ length: batch }, (_, row) =>
    data.subarray((row * time + t) * size, (row * time + t + 1) * size),
  );
  return tensor(
    rows.map((row) => Array.from(row)),
    [batch, size],
  );
}

interface Stepping {
  step(
    inputs: Readonly<Record<string, HostTensor>>,
    state: State,
  ): Promise<{ output: HostTensor<"float32">; state: State }>;
}

it("every cell of this entry point is recorded here, in cells/ or in a test of its own", () => {
  const elsewhere = ["recurrentHighwayCell", "minimalGatedCell", "layerNormLstmCell", "hiddenMarkovCell"];
  const decoders = ["bahdanauDecoderCell", "luongDecoderCell"];
  const known = [...elsewhere, ...decoders, "customCell", "onnxCell", ...cases.map(({ cell }) => cell)];
  expect(Object.keys(cells).filter((name) => name.endsWith("Cell") && !known.includes(name))).toEqual([]);
});

describe.each(cases.map((one) => [one.name, one] as const))("cell %s, as recorded", (_name, recorded) => {
  const judged = once(async () => {
    const { model, weights, run } = await load(recorded);
    return deriveBounds(model, weights, run);
  });

  it("is what the oracle computes, to 1e-12", async () => {
    const { model, weights, run, want } = await load(recorded);
    const { outputs, state } = evaluate(model, weights, run);
    const got: Record<string, Float64Array> = {
      output: outputs["layer"]!.data,
      ...Object.fromEntries(
        Object.entries(state["layer"]!).map(([part, { data }]) => [`state.${part}`, data]),
      ),
    };
    expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
    for (const [key, data] of Object.entries(want)) {
      expect(got[key]!.length, key).toBe(data.length);
      data.forEach((value, k) => expect(Math.abs(got[key]![k]! - value), `${key}[${k}]`).toBeLessThan(1e-12));
    }
  });

  it.each(Object.entries(variants))(
    "is what %s computes, whole and by steps, within the bound",
    async (_engine, make) => {
      const { model, weights, inputs, state, lengths } = await load(recorded);
      const { exact, bounds } = await judged();
      const held = (
        what: string,
        got: HostTensor,
        want: (typeof exact.outputs)[string],
        bound: typeof want,
      ): void => expect(compareWithBound(got, want, bound).errorOverBound, what).toBeLessThan(1);
      const compiled = await compile(model, { adapter: make(), weights });
      const initial = State.fromTypedArrays({ layer: state });
      const { output, state: after } = await compiled.sequence(inputs, {
        state: initial,
        ...(lengths && { lengths }),
      });
      held("output", output, exact.outputs["layer"]!, bounds.outputs["layer"]!);
      for (const [part, got] of Object.entries((await after.toTypedArrays())["layer"]!))
        held(part, got, exact.state["layer"]![part]!, bounds.state["layer"]![part]!);

      const [batch, time, units] = output.shape as [number, number, number];
      const stepped = compiled as unknown as Stepping;
      const outputs = new Float32Array(output.data.length);
      let s = initial;
      for (let t = 0; t < time; t++) {
        const given = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, frame(x, t)]));
        const result = await stepped.step(given, s);
        s = result.state;
        for (let row = 0; row < batch; row++)
          if (t < (lengths?.[row] ?? time))
            outputs.set(
              result.output.data.subarray(row * units, (row + 1) * units),
              (row * time + t) * units,
            );
      }
      held(
        "output by steps",
        tensor(outputs, output.shape),
        exact.outputs["layer"]!,
        bounds.outputs["layer"]!,
      );
      compiled.dispose();
    },
  );
});
