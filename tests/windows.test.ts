import { readFile } from "node:fs/promises";
import { compile, type HostTensor, type Spec, tensor, type WeightMap } from "@unroll/api";
import { fromKeras, fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly weights: "torch" | "keras";
  readonly spec: Spec;
}

const folder = new URL("../fixtures/windows/", import.meta.url);
const { cases } = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")) as {
  cases: Recorded[];
};

interface Case {
  readonly model: Spec;
  readonly weights: WeightMap;
  readonly x: HostTensor<"float32">;
  readonly want: Float64Array;
}

async function load({ file, weights: dialect, spec: model }: Recorded): Promise<Case> {
  const { tensors } = readSafetensors(await readFile(new URL(file, folder)));
  const given = Object.fromEntries(
    Object.entries(tensors).flatMap(([key, held]) => (key.startsWith("w.") ? [[key.slice(2), held]] : [])),
  );
  const { weights } = (dialect === "torch" ? fromTorch : fromKeras)(model, given);
  const x = tensor(tensors["x"]!.data as Float32Array, tensors["x"]!.shape);
  return { model, weights, x, want: tensors["f64.layer"]!.data as Float64Array };
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
