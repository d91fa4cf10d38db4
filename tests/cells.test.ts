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
  readonly cell: "recurrentHighwayCell" | "minimalGatedCell" | "layerNormLstmCell";
  readonly options: { readonly inputSize: number; readonly units: number };
  readonly lengths: readonly number[] | null;
}

const folder = new URL("../fixtures/cells/", import.meta.url);
const { cases } = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")) as {
  cases: Recorded[];
};

interface Case {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly x: HostTensor<"float32">;
  readonly state: Readonly<Record<string, HostTensor>>;
  readonly lengths: readonly number[] | null;
  readonly run: Run;
  /** What PyTorch computed in float64. */
  readonly want: Readonly<Record<string, Float64Array>>;
}

async function load({ name, cell, options, lengths }: Recorded): Promise<Case> {
  const { tensors } = readSafetensors(await readFile(new URL(`${name}.safetensors`, folder)));
  const made: CustomCellSpec = cells[cell](options);
  const model = spec({
    name,
    inputs: [input({ name: "x", shape: [options.inputSize] })],
    layers: [recurrent({ name: "layer", input: "x", cell: made })],
  });
  const held = (key: string): HostTensor<"float32"> =>
    tensor(tensors[key]!.data as Float32Array, tensors[key]!.shape);
  const under = (prefix: string): string[] => Object.keys(tensors).filter((key) => key.startsWith(prefix));
  const state = Object.fromEntries(under("state.").map((key) => [key.slice("state.".length), held(key)]));
  const weights = Object.fromEntries(Object.keys(made.weights).map((key) => [`layer.${key}`, held(key)]));
  const want = Object.fromEntries(
    under("f64.").map((key) => [key.slice("f64.".length), tensors[key]!.data as Float64Array]),
  );
  const x = held("x");
  return {
    model,
    weights,
    x,
    state,
    lengths,
    want,
    run: {
      inputs: { x },
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

describe.each(cases.map((one) => [one.name, one] as const))(
  "cell %s, recorded from PyTorch",
  (_name, recorded) => {
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
      for (const [key, data] of Object.entries(want))
        data.forEach((value, k) =>
          expect(Math.abs(got[key]![k]! - value), `${key}[${k}]`).toBeLessThan(1e-12),
        );
    });

    it.each(Object.entries(variants))(
      "is what %s computes, whole and by steps, within the bound",
      async (_engine, make) => {
        const { model, weights, x, state, lengths } = await load(recorded);
        const { exact, bounds } = await judged();
        const held = (
          what: string,
          got: HostTensor,
          want: (typeof exact.outputs)[string],
          bound: typeof want,
        ): void => expect(compareWithBound(got, want, bound).errorOverBound, what).toBeLessThan(1);
        const compiled = await compile(model, { adapter: make(), weights });
        const initial = State.fromTypedArrays({ layer: state });
        const { output, state: after } = await compiled.sequence(x, {
          state: initial,
          ...(lengths && { lengths }),
        });
        held("output", output, exact.outputs["layer"]!, bounds.outputs["layer"]!);
        for (const [part, got] of Object.entries((await after.toTypedArrays())["layer"]!))
          held(part, got, exact.state["layer"]![part]!, bounds.state["layer"]![part]!);
        if (!lengths) {
          const stepped = compiled as unknown as {
            step(x: HostTensor, state: State): Promise<{ output: HostTensor; state: State }>;
          };
          const [batch, time, size] = x.shape as [number, number, number];
          let s = initial;
          const outputs = new Float32Array(output.data.length);
          const units = output.shape[2]!;
          for (let t = 0; t < time; t++) {
            const frame = Float32Array.from(
              { length: batch * size },
              (_, k) => x.data[(Math.floor(k / size) * time + t) * size + (k % size)]!,
            );
            const result = await stepped.step(tensor(frame, [batch, size]), s);
            for (let row = 0; row < batch; row++)
              outputs.set(
                (result.output.data as Float32Array).subarray(row * units, (row + 1) * units),
                (row * time + t) * units,
              );
            s = result.state;
          }
          held(
            "output by steps",
            tensor(outputs, output.shape),
            exact.outputs["layer"]!,
            bounds.outputs["layer"]!,
          );
        }
        compiled.dispose();
      },
    );
  },
);
