import { readFile } from "node:fs/promises";
import {
  compile,
  convolution,
  type HostTensor,
  input,
  type LayerSpec,
  pool,
  spec,
  type Spec,
  tensor,
  type WeightMap,
} from "@unroll/api";
import { fromKeras, fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

type Options = { readonly type: "convolution" | "pool" } & Readonly<Record<string, unknown>>;

interface Recorded {
  readonly name: string;
  readonly framework: "torch" | "keras";
  readonly options: Options;
}

const folder = new URL("../fixtures/windows/", import.meta.url);
const { cases } = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")) as {
  cases: Recorded[];
};

interface Case {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly x: HostTensor<"float32">;
  readonly want: HostTensor["data"] | Float64Array;
}

/** The layer, with a name for its time axis where that is not as long as the input's. */
function layerOf({ type, ...options }: Options, shape: readonly number[], changes: boolean): LayerSpec {
  const placed = { name: "layer", input: "x", axis: changes ? "frames" : null };
  if (type === "pool") return pool({ ...placed, ...options } as unknown as Parameters<typeof pool>[0]);
  return convolution({ ...placed, inputShape: shape, ...options } as unknown as Parameters<
    typeof convolution
  >[0]);
}

async function load({ name, framework, options }: Recorded): Promise<Case> {
  const { tensors } = readSafetensors(await readFile(new URL(`${name}.safetensors`, folder)));
  const x = tensor(tensors["x"]!.data as Float32Array, tensors["x"]!.shape);
  const want = tensors["f64.y"]!;
  const shape = x.shape.slice(2);
  const model = spec({
    name,
    inputs: [input({ name: "x", shape })],
    layers: [layerOf(options, shape, want.shape[1] !== x.shape[1])],
  });
  const given = Object.fromEntries(
    Object.entries(tensors)
      .filter(([key]) => key.startsWith("w."))
      .map(([key, held]) => [
        framework === "torch" ? `layer.${key.slice(2)}` : `layer/${key.slice(2)}`,
        held,
      ]),
  );
  const { weights } = (framework === "torch" ? fromTorch : fromKeras)(model, given);
  return { model, weights, x, want: want.data as Float64Array };
}

describe.each(cases.map((one) => [one.name, one] as const))("%s, recorded", (_name, recorded) => {
  it("is what the oracle computes, to 1e-12", async () => {
    const { model, weights, x, want } = await load(recorded);
    const { data } = evaluate(model, weights, { inputs: { x } }).outputs["layer"]!;
    expect(data.length).toBe(want.length);
    data.forEach((value, k) => expect(Math.abs(value - want[k]!), `[${k}]`).toBeLessThan(1e-12));
  });

  it.each(Object.entries(variants))("is what %s computes, within the bound", async (_engine, make) => {
    const { model, weights, x } = await load(recorded);
    const { exact, bounds } = deriveBounds(model, weights, { inputs: { x } });
    const compiled = await compile(model, { adapter: make(), weights });
    const { output } = await compiled.sequence(x);
    const { errorOverBound } = compareWithBound(output, exact.outputs["layer"]!, bounds.outputs["layer"]!);
    expect(errorOverBound).toBeLessThan(1);
    compiled.dispose();
  });
});
