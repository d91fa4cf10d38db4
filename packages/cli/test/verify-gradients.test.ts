import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NamedTensor, readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { afterAll, describe, expect, it } from "vitest";
import { root, unroll } from "./io.js";

const manifest = "fixtures/torch/manifest.json";
const folder = mkdtempSync(join(tmpdir(), "unroll-gradients-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Tensors = Record<string, NamedTensor>;
type Entry = { readonly name: string; readonly file: string; readonly gradients: boolean };
const { cases } = JSON.parse(readFileSync(join(root, manifest), "utf8")) as { cases: Entry[] };
const lstm = cases.find(({ name, gradients }) => gradients && name.includes("lstm"))!;
const tensorsOf = ({ file }: Entry): Tensors =>
  readSafetensors(readFileSync(join(root, "fixtures/torch", file))).tensors;

/** What the command says of one case whose tensors are changed. */
const told = async (change: (tensors: Tensors) => Tensors, entry: object = lstm) => {
  writeFileSync(join(folder, lstm.file), writeSafetensors(change(tensorsOf(lstm))));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ cases: [entry] }));
  return unroll("verify", join(folder, "manifest.json"), "--gradients", "--adapter", "builtin");
};

describe("unroll verify --gradients", () => {
  it("checks each recorded gradient within its bound, and no other case", async () => {
    const { code, out } = await unroll("verify", manifest, "--gradients", "--adapter", "builtin", "--json");
    const report = JSON.parse(out) as { total: number; cases: { name: string; mode: string }[] };
    expect(report).toMatchObject({ total: 23, passed: 23, failed: 0, unsupported: 0 });
    expect(code).toBe(0);
    expect(new Set(report.cases.map(({ mode }) => mode))).toEqual(new Set(["gradients"]));
    expect(report.cases.map(({ name }) => name)).toEqual(
      cases.filter(({ gradients }) => gradients).map(({ name }) => name),
    );
  });

  it("names the first element of a gradient that is off", async () => {
    const { code, out } = await told((tensors) => {
      const { "grad.weight_hh_l0": grad } = tensors as { "grad.weight_hh_l0": NamedTensor<"F64"> };
      const data = Float64Array.from(grad.data, (value, k) => (k === 0 ? value + 1e-4 : value));
      return { ...tensors, "grad.weight_hh_l0": { ...grad, data } };
    });
    expect(code).toBe(1);
    expect(out).toMatch(/failed {2}builtin gradients {2}\S+: gradient\.\S+recurrentKernel\[0, 0\]: expected/);
  });

  it("refuses a recording that lacks one, or has one of another shape or type", async () => {
    const without =
      (name: string) =>
      (tensors: Tensors): Tensors =>
        Object.fromEntries(Object.entries(tensors).filter(([own]) => own !== name));
    expect((await told(without("grad.input"))).err).toMatch(/UNROLL_FORMAT .*tensor "input"/);
    expect((await told(without("cotangent"))).err).toMatch(/tensor "cotangent"/);
    const flat = (tensors: Tensors): Tensors => {
      const grad = tensors["grad.input"]!;
      return { ...tensors, "grad.input": { ...grad, shape: [grad.data.length] } };
    };
    expect((await told(flat)).err).toMatch(/expected tensor "grad.input" \[/);
    const single = (tensors: Tensors): Tensors => {
      const { shape, data } = tensors["grad.input"]!;
      const own = { dtype: "F32", shape, data: Float32Array.from(data as Float64Array) } as NamedTensor;
      return { ...tensors, "grad.input": own };
    };
    expect((await told(single)).err).toMatch(/expected tensor "grad.input" of type F64, got F32/);
  });

  it("checks nothing where none was recorded, and says so", async () => {
    expect(await told((tensors) => tensors, { ...lstm, gradients: false })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected cases with recorded gradients to check, got none/) as unknown,
    });
    expect(await unroll("verify", manifest, "--gradients", "--port", "./port.mjs")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--gradients: expected no --port beside it/) as unknown,
    });
  });
});
