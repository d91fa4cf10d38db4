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
  readonly inputs: Readonly<Record<string, HostTensor<"float32">>>;
  /** Real steps of each row along `time`; undefined where all are. */
  readonly lengths: HostTensor<"int32"> | undefined;
  readonly want: Float64Array;
}

async function load({ file, weights: dialect, spec: model }: Recorded): Promise<Case> {
  const { tensors } = readSafetensors(await readFile(new URL(file, folder)));
  const given = Object.fromEntries(
    Object.entries(tensors).flatMap(([key, held]) => (key.startsWith("w.") ? [[key.slice(2), held]] : [])),
  );
  const { weights } = (dialect === "torch" ? fromTorch : fromKeras)(model, given);
  const inputs = Object.fromEntries(
    model.inputs.map(({ name }) => [name, tensor(tensors[name]!.data as Float32Array, tensors[name]!.shape)]),
  );
  const ends = tensors["lengths"];
  const lengths = ends && tensor(ends.data as Int32Array, ends.shape, "int32");
  return { model, weights, inputs, lengths, want: tensors["f64.layer"]!.data as Float64Array };
}

describe.each(cases.map((one) => [one.name, one] as const))("%s, recorded", (_name, recorded) => {
  it("is what the oracle computes, to 1e-12", async () => {
    const { model, weights, inputs, lengths, want } = await load(recorded);
    const { data } = evaluate(model, weights, { inputs, lengths }).outputs["layer"]!;
    expect(data.length).toBe(want.length);
    data.forEach((value, k) => expect(Math.abs(value - want[k]!), `[${k}]`).toBeLessThan(1e-12));
  });

  it.each(Object.entries(variants))("is what %s computes, within the bound", async (_engine, make) => {
    const { model, weights, inputs, lengths } = await load(recorded);
    const { exact, bounds } = deriveBounds(model, weights, { inputs, lengths });
    const compiled = await compile(model, { adapter: make(), weights });
    const { output } = await compiled.sequence(inputs, lengths && { lengths: { time: [...lengths.data] } });
    const { errorOverBound } = compareWithBound(output, exact.outputs["layer"]!, bounds.outputs["layer"]!);
    expect(errorOverBound).toBeLessThan(1);
    compiled.dispose();
  });
});
