import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { afterAll, describe, expect, it } from "vitest";
import { root, unroll } from "./io.js";
import { unrollProcess } from "./unroll-process.js";

const records = "fixtures/port-records";
const port = `./${records}/ports.mjs`;
const folder = mkdtempSync(join(tmpdir(), "unroll-port-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("unroll verify --port", () => {
  it("runs as npm links it, and prints a row for each way to run", async () => {
    const argv = ["verify", `${records}/loop.safetensors`, "--port", port, "--export", "Loop"];
    const { code, out, err } = await unrollProcess([
      ...argv,
      "--adapter",
      "builtin",
      "--adapter",
      "onnx:cpu",
    ]);
    expect([code, err]).toEqual([0, ""]);
    const rows = out.trimEnd().split("\n");
    expect(rows[0]).toMatch(
      /^manifest +adapter +mode +passed +failed +unsupported +max error +error\/bound$/,
    );
    expect(rows.slice(1).map((row) => row.split(/ +/).slice(1, 6).join(" "))).toEqual([
      "builtin call 3 0 0",
      "builtin run 3 0 0",
      "onnx:cpu run 3 0 0",
    ]);
  });

  it("exits with 1 and names the place where a port is off", async () => {
    const { code, out } = await unroll(
      ...["verify", `${records}/loop.safetensors`, "--port", port, "--export", "ForgetfulLoop"],
    );
    expect(code).toBe(1);
    expect(out).toMatch(
      /^failed {2}builtin call {2}Loop call 1: result\[0\]\[0, 0, 0\]: expected .* within \d\.\de-\d, got /,
    );
  });

  it("prints JSON of the form of all cases, with the first difference as data", async () => {
    const argv = [
      "verify",
      `${records}/loop.safetensors`,
      "--port",
      port,
      "--export",
      "SwappedLoop",
      "--json",
    ];
    const { code, out } = await unroll(...argv, "--only", "call 2");
    expect(code).toBe(1);
    const { cases, ...counts } = JSON.parse(out) as { cases: Record<string, unknown>[] };
    expect(counts).toEqual({ total: 2, passed: 0, failed: 2, unsupported: 0 });
    expect(cases[0]).toEqual({
      manifest: `${records}/loop.safetensors`,
      name: "Loop call 2",
      adapter: "builtin",
      mode: "call",
      status: "failed",
      maxError: expect.any(Number) as number,
      errorOverBound: expect.any(Number) as number,
      reason: expect.stringMatching(/^result\[0\]\[0, 0, 0\]/) as string,
      first: {
        output: "[0]",
        index: [0, 0, 0],
        expected: expect.any(Number) as number,
        got: expect.any(Number) as number,
        bound: expect.any(Number) as number,
      },
      bounds: "derived",
      whyRecorded: null,
    });
    const short = [...argv.slice(0, 5), "ShortLoop", "--json"];
    const other = JSON.parse((await unroll(...short)).out) as { cases: Record<string, unknown>[] };
    expect(other.cases[0]).toMatchObject({ maxError: 1e308, errorOverBound: 1e308, first: { index: null } });
  });

  it("takes what can't be traced at once, and says why not on an engine", async () => {
    const argv = ["verify", `${records}/keeping.safetensors`, "--port", port, "--export", "Keeping"];
    const builtin = await unroll(...argv);
    expect(builtin.code).toBe(0);
    expect(builtin.out).toMatch(
      /^unsupported {2}builtin run {2}Keeping call 0: UNROLL_UNSUPPORTED Keeping forward/,
    );
    expect(builtin.out).toMatch(
      /bounds of .*keeping\.safetensors are from how far PyTorch's own float32 is off.*: UNROLL_UNSUPP/,
    );
    const { cases } = JSON.parse((await unroll(...argv, "--json")).out) as {
      cases: { bounds: string; whyRecorded: string }[];
    };
    for (const { bounds, whyRecorded } of cases)
      expect([bounds, whyRecorded]).toEqual(["recorded", expect.stringMatching(/^UNROLL_UNSUPPORTED/)]);
    const onnx = await unroll(...argv, "--adapter", "onnx:cpu");
    expect(onnx.code).toBe(1);
    expect(onnx.err).toContain("expected a case that can be checked");
  });

  it.each([
    [["--export", "Loop"], "UNROLL_ARGUMENT --export: expected --port beside it"],
    [["--port", port], "UNROLL_CONFIG module"],
    [["--port", port, "--export", "Nothing"], 'its export "Nothing" to be'],
    [["--port", "./nowhere.mjs"], "expected a module that loads"],
    [["--port", port, "--export", "Tagger"], "UNROLL_WEIGHTS loadStateDict of Tagger"],
    [["--port", port, "--export", "Loop", "--only", "call 3"], 'none whose name contains "call 3"'],
  ])("refuses %j", async (options, message) => {
    const { code, out, err } = await unroll("verify", `${records}/loop.safetensors`, ...options);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });

  it("takes the default export, and the only one", async () => {
    const only = join(root, records, ".only-export.mjs");
    for (const code of [
      'export { Loop } from "./ports.mjs";',
      'export { Loop as default, Tagger } from "./ports.mjs";',
    ]) {
      const file = only.replace("only", code.includes("default") ? "default" : "only");
      writeFileSync(file, code);
      try {
        expect((await unroll("verify", `${records}/loop.safetensors`, "--port", file)).code).toBe(0);
      } finally {
        rmSync(file);
      }
    }
  });
});

describe("a record that is damaged is refused with the place", () => {
  const { tensors, metadata } = readSafetensors(readFileSync(join(root, records, "loop.safetensors")));
  const about = () => JSON.parse(metadata["unroll"]!) as { form: number; calls: any[] };
  const deep = (depth: number): unknown => (depth === 0 ? { value: 1 } : { list: [deep(depth - 1)] });
  const cases: [string, (record: ReturnType<typeof about>) => unknown, string][] = [
    ["no description", () => null, "a record of form 1"],
    ["another form", (record) => ({ ...record, form: 2 }), "expected a record of form 1, got 2"],
    ["no calls", (record) => ({ ...record, calls: [] }), "calls: expected 1 to 10000, got 0"],
    [
      "a call of nothing",
      (record) => ({ ...record, calls: [3] }),
      "calls[0]: expected arguments and a result",
    ],
    [
      "no such tensor",
      (r) => (r.calls[0].result = { tensor: "x" }) && r,
      "calls[0].result: expected the name of",
    ],
    ["a later call", (r) => (r.calls[0].arguments = [{ result: [0] }]) && r, "one of the 0 calls before it"],
    [
      "a name of the prototype",
      (r) => (r.calls[0].result = { tensor: "__proto__" }) && r,
      "expected the name of",
    ],
    ["lists without end", (r) => (r.calls[0].arguments = [deep(40)]) && r, "at most 32 lists within lists"],
    ["an odd value", (r) => (r.calls[0].arguments = [{ value: [] }]) && r, "expected tensor, packed, list"],
    [
      "odd lengths",
      (r) => (r.calls[0].arguments = [{ packed: "call.0.argument.0", lengths: [9, 1] }]) && r,
      "2 lengths from 1 to 4",
    ],
  ];
  it.each(cases)("%s", async (name, change, message) => {
    const file = join(folder, `${name.replaceAll(" ", "-")}.safetensors`);
    writeFileSync(file, writeSafetensors(tensors, { unroll: JSON.stringify(change(about())) }));
    const { code, out, err } = await unroll("verify", file, "--port", port, "--export", "Loop");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^unroll: UNROLL_FORMAT record ".*\n$/);
    expect(err).toContain(message);
  });

  it("and a manifest, a file of weights, and whole numbers past int32", async () => {
    const verify = (file: string) => unroll("verify", file, "--port", port, "--export", "Loop");
    expect((await verify("fixtures/torch/manifest.json")).err).toContain("UNROLL_FORMAT safetensors");
    const plain = await verify("fixtures/models/charlm/charlm.safetensors");
    expect(plain.err).toMatch(/a description of calls in its metadata, got none; write it with record\(\)/);
    const large = { dtype: "I64", shape: [1], data: BigInt64Array.of(2n ** 40n) } as const;
    const record = about();
    record.calls[0].arguments = [{ tensor: "large" }];
    const file = join(folder, "large.safetensors");
    writeFileSync(file, writeSafetensors({ ...tensors, large }, { unroll: JSON.stringify(record) }));
    expect((await verify(file)).err).toContain("expected whole numbers within int32, got 1099511627776");
  });
});
