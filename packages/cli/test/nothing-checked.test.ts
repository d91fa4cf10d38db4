import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtin } from "@unroll/api";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { afterAll, describe, expect, it } from "vitest";
import { check } from "../src/verify/check.js";
import { root } from "./io.js";
import { unrollProcess } from "./unroll-process.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-nothing-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Entry = { name: string; file: string } & Record<string, unknown>;

/** The first case of a fixture, its files copied beside the manifest that is written. */
function firstOf(fixture: string): Entry {
  const { cases } = JSON.parse(readFileSync(join(root, fixture, "manifest.json"), "utf8")) as {
    cases: Entry[];
  };
  const entry = cases[0]!;
  for (const file of [
    entry.file ?? `${entry.name}.safetensors`,
    ...("op" in entry ? [`${entry.name}.onnx`] : []),
  ])
    copyFileSync(join(root, fixture, file), join(folder, file));
  return entry;
}

const torch = firstOf("fixtures/torch");
const keras = firstOf("fixtures/keras-like");
const onnx = firstOf("fixtures/onnx-attr");
const path = join(folder, "manifest.json");
const verify = (cases: readonly unknown[], ...more: string[]) => {
  writeFileSync(path, JSON.stringify({ cases }));
  return unrollProcess(["verify", path, ...more]);
};

describe("unroll verify is not green where nothing was checked", () => {
  const [call] = keras["calls"] as object[];

  it.each([
    ["no cases", [], "cases: expected a list of 1 to 100000, got a list of 0"],
    ["no calls", [{ ...keras, calls: [] }], "cases[0].calls: expected a list of 1 to 256, got a list of 0"],
    [
      "no results",
      [torch, { ...keras, calls: [{ ...call, results: [] }] }],
      "cases[1].calls[0].results: expected a list of 1 to 64, got a list of 0",
    ],
    [
      "no outputs",
      [{ ...onnx, outputs: [] }],
      "cases[0].outputs: expected a list of 1 to 3, got a list of 0",
    ],
  ])("%s", async (_name, cases, message) => {
    const cure = "write it with record.py";
    expect(await verify(cases)).toEqual({
      code: 2,
      out: "",
      err: `unroll: UNROLL_FORMAT manifest "${path}" ${message}; ${cure}\n`,
    });
  });

  it("only cases that can't be expressed, though another manifest passes", async () => {
    const unknown = { ...keras, name: "newer", layer: "ConvLSTM1D" };
    writeFileSync(path, JSON.stringify({ cases: [unknown, { ...unknown, name: "newest" }] }));
    const passing = join(folder, "passing.json");
    writeFileSync(passing, JSON.stringify({ cases: [torch] }));
    const { code, out, err } = await unrollProcess(["verify", passing, path, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ failed: 0, unsupported: 2 });
    expect(err).toBe(
      `unroll: UNROLL_UNSUPPORTED manifest "${path}" on builtin: expected a case that can be checked, got ` +
        'case "newer" and 1 more, all unsupported; nothing checked is nothing passed\n',
    );
  });

  it("a result that is recorded with no values", async () => {
    const recorded = {
      name: "empty",
      want: { output: { shape: [0, 3], data: new Float64Array(0) } },
      exact: { output: { shape: [0, 3], data: new Float64Array(0) } },
      bounds: { output: { shape: [0, 3], data: new Float64Array(0) } },
      modes: [],
    };
    const run = async () => ({ output: { shape: [0, 3], data: [] } });
    const engine = { name: "builtin", adapter: builtin() };
    expect(await check(path, recorded, { mode: "sequence", run }, engine)).toMatchObject({
      status: "failed",
      reason: "expected recorded values to compare with, got none; record the case again",
    });
    expect(await check(path, { ...recorded, want: {} }, { mode: "sequence", run }, engine)).toMatchObject({
      status: "failed",
    });
  });

  it("a result that no engine was asked for", async () => {
    const { tensors } = readSafetensors(readFileSync(join(folder, keras.file)));
    const output = tensors["f64.output"]!;
    writeFileSync(
      join(folder, "more.safetensors"),
      writeSafetensors({ ...tensors, "f64.second": output, "f64.third": output }),
    );
    const more = {
      ...keras,
      file: "more.safetensors",
      calls: [{ ...call, results: ["output", "second", "third"] }],
    };
    const { code, out, err } = await verify([more]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^unroll: UNROLL_FORMAT case "00_simplernn": expected at most 2 results of call /);
  });
});
