import { readFileSync } from "node:fs";
import {
  bidirectional,
  compile,
  crf,
  dense,
  embedding,
  type HostTensor,
  input,
  lstmCell,
  spec,
  type Spec,
  tensor,
  type WeightMap,
} from "@unroll/api";
import { type AnyTensor, fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

interface Recorded {
  readonly name: string;
  readonly tags: number;
  readonly boundaries: boolean;
  readonly ends: "lengths" | "mask" | null;
}
interface Tagger {
  readonly name: string;
  readonly words: number;
  readonly size: number;
  readonly units: number;
  readonly tags: number;
}

const folder = new URL("../fixtures/crf/", import.meta.url);
const { cases, taggers } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly Recorded[];
  taggers: readonly Tagger[];
};

const outputs = ["crf", "crf.score", "crf.logPartition", "crf.logLikelihood"] as const;
const recordedAs = {
  crf: "f64.path",
  "crf.score": "f64.score",
  "crf.logPartition": "f64.logPartition",
  "crf.logLikelihood": "f64.logLikelihood",
} as const;

interface Loaded {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly inputs: Readonly<Record<"x" | "given", HostTensor>>;
  readonly real: HostTensor<"bool">;
  readonly ends: Recorded["ends"];
  readonly want: Readonly<Record<string, Float64Array>>;
}

const dtypes: Readonly<Record<string, string>> = { F32: "float32", I32: "int32", BOOL: "bool" };

const held = ({ dtype, shape, data }: AnyTensor): HostTensor =>
  ({ dtype: dtypes[dtype], shape, data }) as HostTensor;

function read(name: string): { tensors: Record<string, HostTensor>; want: Loaded["want"] } {
  const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  const all = Object.entries(tensors);
  return {
    tensors: Object.fromEntries(all.map(([key, value]) => [key, held(value)])),
    want: Object.fromEntries(
      all
        .filter(([key]) => key.startsWith("f64."))
        .map(([key, { data }]) => [key, Float64Array.from(data as ArrayLike<number>)]),
    ),
  };
}

const path = input({ name: "given", dtype: "int32", shape: [] });

function alone({ name, tags, boundaries, ends }: Recorded): Loaded {
  const { tensors, want } = read(name);
  const model = spec({
    name,
    inputs: [input({ name: "x", shape: [tags] }), path],
    layers: [crf({ name: "crf", input: "x", tags, boundaries, path: "given" })],
    outputs,
  });
  const weights = Object.fromEntries(Object.entries(tensors).filter(([key]) => key.startsWith("crf.")));
  const inputs = { x: tensors["x"]!, given: tensors["given"]! };
  return { model, weights, inputs, real: tensors["real"] as HostTensor<"bool">, ends, want };
}

function tagger({ name, words, size, units, tags }: Tagger): Loaded {
  const { tensors, want } = read(name);
  const forward = lstmCell({ inputSize: size, units, bias: "split" });
  const model = spec({
    name,
    inputs: [input({ name: "x", dtype: "int32", shape: [] }), path],
    layers: [
      embedding({ name: "embed", input: "x", inputSize: words, outputSize: size }),
      bidirectional({ name: "lstm", input: "embed", forward, merge: "concat" }),
      dense({ name: "scores", input: "lstm", inputSize: 2 * units, units: tags }),
      crf({ name: "crf", input: "scores", tags, path: "given" }),
    ],
    outputs,
  });
  const state = Object.fromEntries(
    Object.entries(tensors).filter(([key]) => key.includes(".") && !key.startsWith("f64.")),
  );
  const bindings = [
    { layer: "embed", module: "embed", level: null },
    { layer: "lstm", module: "lstm", level: 0 },
    { layer: "scores", module: "scores", level: null },
    { layer: "crf", module: "crf", level: null },
  ];
  return {
    model,
    weights: fromTorch(model, state, bindings).weights,
    inputs: { x: tensors["x"]!, given: tensors["given"]! },
    real: tensors["real"] as HostTensor<"bool">,
    ends: "lengths",
    want,
  };
}

const lengthsOf = ({ shape: [batch, time], data }: HostTensor<"bool">): number[] =>
  Array.from({ length: batch! }, (_, row) =>
    data.subarray(row * time!, (row + 1) * time!).reduce((sum, one) => sum + one, 0),
  );

function runOf({ inputs, real, ends }: Loaded): Run {
  return {
    inputs,
    ...(ends === "lengths" && { lengths: tensor(lengthsOf(real), [real.shape[0]!], "int32") }),
    ...(ends === "mask" && { mask: real }),
  };
}

describe.each([
  ...cases.map((one) => [one.name, () => alone(one)] as const),
  ...taggers.map((one) => [one.name, () => tagger(one)] as const),
])("crf %s, recorded by adding up every path", (_name, load) => {
  const loaded = load();

  it("is what the oracle computes, to 1e-12 of its size, and its path to the tag", () => {
    const { outputs: got } = evaluate(loaded.model, loaded.weights, runOf(loaded));
    expect(Array.from(got["crf"]!.data)).toEqual(Array.from(loaded.want["f64.path"]!));
    for (const ref of outputs)
      loaded.want[recordedAs[ref]]!.forEach((value, k) =>
        expect(Math.abs(got[ref]!.data[k]! - value), `${ref}[${k}]`).toBeLessThan(
          1e-12 * Math.max(1, Math.abs(value)),
        ),
      );
  });

  it.each(Object.entries(variants))(
    "is what %s computes: the same tags, the rest within the bound",
    async (_engine, make) => {
      const { model, weights, inputs, real, ends, want } = loaded;
      const { exact, bounds } = deriveBounds(model, weights, runOf(loaded));
      const compiled = await compile(model, { adapter: make(), weights });
      const { outputs: got } = await compiled.sequence(inputs, {
        ...(ends === "lengths" && { lengths: lengthsOf(real) }),
        ...(ends === "mask" && { mask: real }),
      });
      expect(got["crf"]!.dtype).toBe("int32");
      expect(Array.from(got["crf"]!.data)).toEqual(Array.from(want["f64.path"]!));
      for (const ref of outputs.slice(1))
        expect(
          compareWithBound(got[ref]!, exact.outputs[ref]!, bounds.outputs[ref]!).errorOverBound,
          ref,
        ).toBeLessThan(1);
      compiled.dispose();
    },
  );
});
