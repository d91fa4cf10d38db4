import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { afterAll, describe, expect, it } from "vitest";
import { fast } from "../../../conformance/test/settings.js";
import { root, unroll } from "./io.js";

const charlm = "fixtures/models/charlm";
const folder = mkdtempSync(join(tmpdir(), "unroll-cli-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("unroll", () => {
  it("runs as npm links it, and says its version", async () => {
    const { version, bin } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8")) as {
      version: string;
      bin: { unroll: string };
    };
    expect(
      execFileSync(process.execPath, [join(root, "packages/cli", bin.unroll), "--version"], {
        encoding: "utf8",
      }),
    ).toBe(`${version}\n`);
    expect((await unroll("--version")).out).toBe(`${version}\n`);
  });
});

describe("unroll generate", () => {
  it("prints the prompt and the sampled text, the same for the same seed on every engine", async () => {
    const options = ["generate", "--model", charlm, "--length", "40", "--seed", "5"];
    const one = await unroll(...options);
    expect(one.code).toBe(0);
    expect(one.out.startsWith('"Oh! spite of million villains')).toBe(true);
    expect(one.err).toBe("");
    for (const adapter of ["builtin", "tfjs:wasm", "onnx:cpu"])
      expect((await unroll(...options, "--adapter", adapter)).out).toBe(one.out);
    expect((await unroll("generate", "--model", charlm, "--length", "40", "--seed", "6")).out).not.toBe(
      one.out,
    );
  });

  it("at temperature 0 takes the likeliest character, as recorded", async () => {
    const { greedy_continuation: greedy } = JSON.parse(
      readFileSync(join(root, charlm, "charlm.json"), "utf8"),
    ) as { greedy_continuation: string };
    const { out } = await unroll(
      "generate",
      "--model",
      charlm,
      "--temperature",
      "0",
      "--length",
      "200",
      "--json",
    );
    expect(JSON.parse(out)).toMatchObject({ text: greedy, adapter: "builtin", length: 200, temperature: 0 });
  });

  it("names what is wrong", async () => {
    const cases: [string[], RegExp][] = [
      [
        ["--model", charlm, "--prompt", "caf\u00e9"],
        /^unroll: UNROLL_ARGUMENT --prompt: expected characters .*got "\u00e9"/,
      ],
      [
        ["--model", charlm, "--prompt", ""],
        /^unroll: UNROLL_ARGUMENT --prompt: expected at least one character/,
      ],
      [
        ["--model", charlm, "--length", "few"],
        /^unroll: UNROLL_ARGUMENT --length: expected a whole number from 1 to 1000000, got "few"/,
      ],
      [["--model", charlm, "--temperature", "-1"], /^unroll: UNROLL_ARGUMENT --temperature/],
      [["--model", charlm, "--adapter", "tensorflow"], /^unroll: UNROLL_CONFIG .*"tensorflow"/],
      [["--model", charlm, "--adapter", "onnx:gpu"], /^unroll: UNROLL_CONFIG .*"gpu"/],
      [["--model", "nowhere"], /^unroll: UNROLL_FORMAT model "nowhere": expected a folder, got none there/],
      [["--model", "fixtures/torch"], /^unroll: UNROLL_FORMAT model "fixtures\/torch": expected NAME.json/],
      [[], /required option '--model/],
    ];
    for (const [argv, message] of cases) {
      const { code, err, out } = await unroll("generate", ...argv);
      expect(err).toMatch(message);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
      expect([code, out]).toEqual([2, ""]);
    }
  });
});

describe("unroll compare", () => {
  it.skipIf(fast)("prints a row for each engine and mode, all within their bounds", async () => {
    const { code, out } = await unroll("compare", "--model", charlm, "--adapters", "builtin,tfjs:wasm,onnx");
    expect(code).toBe(0);
    for (const row of [
      "builtin    wasm    sequence",
      "builtin    wasm    step",
      "tfjs:wasm  wasm    sequence",
      "onnx       wasm    step",
    ])
      expect(out).toContain(row);
    expect(out).toContain("recorded log-likelihood: -1.5424896");
  });

  it("has a JSON form", async () => {
    const { code, out } = await unroll("compare", "--model", charlm, "--length", "50", "--json");
    const report = JSON.parse(out) as {
      rows: {
        engine: string;
        mode: string;
        errorOverBound: number;
        maxError: number;
        logLikelihood: number;
        stepTime: number;
      }[];
      characters: number;
      failed: number;
    };
    expect(code).toBe(0);
    expect([report.characters, report.failed, report.rows.length]).toEqual([50, 0, 2]);
    for (const row of report.rows) {
      expect(row.errorOverBound).toBeGreaterThan(0);
      expect(row.errorOverBound).toBeLessThan(1);
      expect(row.stepTime).toBeGreaterThan(0);
    }
  });

  it.skipIf(fast)("exits 1 when the model is not the one that was recorded", async () => {
    copyFileSync(join(root, charlm, "charlm.json"), join(folder, "charlm.json"));
    const { tensors } = readSafetensors(readFileSync(join(root, charlm, "charlm.safetensors")));
    const bias = tensors["fc.bias"]!;
    writeFileSync(
      join(folder, "charlm.safetensors"),
      writeSafetensors({
        ...tensors,
        "fc.bias": {
          ...bias,
          data: (bias.data as Float32Array).map((value, k) => (k === 40 ? value + 1 : value)),
        } as typeof bias,
      }),
    );
    const { code, err } = await unroll("compare", "--model", folder, "--adapters", "builtin");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^unroll: builtin sequence: expected .*log-likelihood within 0.00001 of -1.5424896, got/,
    );
  });
});

describe("unroll inspect", () => {
  it("prints tensors, totals and recurrent layers", async () => {
    const { code, out } = await unroll("inspect", `${charlm}/charlm.safetensors`);
    expect(code).toBe(0);
    expect(out).toMatch(/lstm\.weight_hh_l1 +F32 +\[512, 128\] +65,536/);
    expect(out).toContain("11 tensors, 236,507 parameters, 946,028 bytes");
    expect(out).toContain(
      "lstm: LSTM by PyTorch's names, input size 48, units 128, 2 layers, one direction, with bias",
    );
  });

  it("finds PyTorch's and Keras's layers of every kind", async () => {
    const layers = async (file: string) =>
      (JSON.parse((await unroll("inspect", file, "--json")).out) as { layers: object[] }).layers;
    expect(await layers("fixtures/torch/047_lstm_l2_bi_bf_proj3.safetensors")).toMatchObject([
      { kind: "LSTM", layers: 2, directions: 2, projection: 3 },
    ]);
    expect(await layers("fixtures/torch/057_rnn_tanh_cell_state.safetensors")).toContainEqual({
      name: "",
      framework: "PyTorch",
      kind: "simple RNN cell",
      inputSize: 3,
      units: 5,
      layers: 1,
      directions: 1,
      bias: true,
      projection: null,
    });
    expect(await layers("fixtures/keras-like/14_bi_concat_gru_ra_mask-right.safetensors")).toMatchObject([
      { framework: "Keras", kind: "GRU", directions: 2 },
    ]);
  });

  it("names a file that is missing or of another kind", async () => {
    expect(await unroll("inspect", "none.safetensors")).toMatchObject({
      code: 2,
      err:
        'unroll: UNROLL_FORMAT file "none.safetensors": expected a file that can be read, got none ' +
        "there; check the path\n",
    });
    expect((await unroll("inspect", "README.md")).err).toMatch(/safetensors.torch.save_file/);
  });

  it("reads the files of every framework, and says what they are", async () => {
    const inspected = async (...argv: string[]): Promise<string> => {
      const { code, out, err } = await unroll("inspect", ...argv);
      expect([argv[0], code, err]).toEqual([argv[0], 0, ""]);
      return out;
    };
    const torch = await inspected("fixtures/ports/torch/lstm_full.pt");
    expect(torch).toMatch(/weight_hh_l0 +F32 +\[16, 4\] +64/);
    expect(torch).toContain("format pytorch\n");
    expect(torch).toContain("(top level): LSTM by PyTorch's names, input size 3, units 4");
    expect(await inspected("fixtures/files/checkpoint.pt", "--select", "model")).toMatch(
      /\n│? *lstm\.bias_hh_l0/,
    );
    for (const [ending, cell] of [
      ["keras", "layers/lstm/cell"],
      ["h5", "lstm/emb_lstm_gru/lstm/lstm_cell"],
    ] as const) {
      const out = await inspected(`fixtures/keras-saved/emb_lstm_gru.${ending}`);
      expect(out).toContain(`format ${ending}\nmodel Sequential "emb_lstm_gru": `);
      expect(out).toContain('Embedding "embedding", LSTM "lstm", GRU "gru", Dense "dense"');
      expect(out).toContain(`${cell}: LSTM by Keras's names, input size 6, units 8`);
    }
    const both = await inspected("fixtures/keras-saved/bilstm_simplernn.weights.h5");
    expect(both).toMatch(/bidirectional\/forward_layer\/cell: LSTM by Keras's names, .* two directions/);
    for (const [file, format] of [
      ["files/arrays.npz", "npz"],
      ["files/fortran.npy", "npy"],
      ["onnx-attr/00_lstm.onnx", "onnx"],
    ] as const)
      expect(JSON.parse(await inspected(`fixtures/${file}`, "--json"))).toMatchObject({
        format,
        model: null,
      });
    expect(await unroll("inspect", "fixtures/files/hostile.pt")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^unroll: UNROLL_FORMAT pytorch file: .* a call of posix\.system; nothing/),
    });
  });

  it("reads the shards beside a model.json, and nothing elsewhere", async () => {
    const model = (path: string): string =>
      JSON.stringify({
        modelTopology: { model_config: { class_name: "Sequential", config: { name: "net", layers: [] } } },
        weightsManifest: [{ paths: [path], weights: [{ name: "w", shape: [2], dtype: "float32" }] }],
      });
    writeFileSync(join(folder, "shard.bin"), new Uint8Array(8));
    writeFileSync(join(folder, "model.json"), model("shard.bin"));
    const { out } = await unroll("inspect", join(folder, "model.json"));
    expect(out).toContain('format tfjs\nmodel Sequential "net": no layers\n');
    symlinkSync(join(root, "README.md"), join(folder, "out.bin"));
    writeFileSync(join(folder, "model.json"), model("out.bin"));
    expect((await unroll("inspect", join(folder, "model.json"))).err).toMatch(/a link out of it/);
  });
});

describe("unroll verify", () => {
  const manifests = ["fixtures/torch/manifest.json", "fixtures/keras-like/manifest.json"];

  it.each([
    ["layers-norms/manifest.json", 59],
    ["layers-attention/manifest.json", 27],
    ["attention-window/manifest.json", 6],
    ["crf/verify.json", 14],
    ["cells/manifest.json", 7],
    ["cells-kin/manifest.json", 51],
  ])("runs fixtures/%s", async (name, cases) => {
    const manifest = `fixtures/${name}`;
    const { code, out } = await unroll("verify", manifest, "--adapter", "builtin", "--json");
    const {
      cases: reports,
      failed,
      unsupported,
    } = JSON.parse(out) as {
      cases: { name: string; status: string; reason: string | null }[];
      failed: number;
      unsupported: number;
    };
    expect(reports.filter(({ status }) => status !== "passed")).toEqual([]);
    expect({ code, failed, unsupported }).toEqual({ code: 0, failed: 0, unsupported: 0 });
    expect(new Set(reports.map((report) => report.name)).size).toBe(cases);
  });

  // Every case on every engine is a long run, of which the fast lane takes one engine.
  it("runs what a spec says, whole and by steps, and refuses a result that there is none of", async () => {
    const manifest = "fixtures/windows/manifest.json";
    const { code, out } = await unroll("verify", manifest, "--adapter", "builtin", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ total: 69, passed: 69, failed: 0, unsupported: 0 });
    const [first] = JSON.parse(readFileSync(join(root, manifest), "utf8")).cases as [
      { spec: { outputs: string[]; layers: object[] } },
    ];
    const folder = mkdtempSync(join(tmpdir(), "unroll-specs-"));
    copyFileSync(
      join(root, "fixtures/windows/torch_conv1d.safetensors"),
      join(folder, "torch_conv1d.safetensors"),
    );
    const told = async (spec: object): Promise<string> => {
      writeFileSync(join(folder, "manifest.json"), JSON.stringify({ cases: [{ ...first, spec }] }));
      return (await unroll("verify", join(folder, "manifest.json"), "--adapter", "builtin")).err;
    };
    expect(await told({ ...first.spec, outputs: ["x"] })).toMatch(
      /expected results among x, got "f64.layer"/,
    );
    const named = [{ ...first.spec.layers[0], name: "other" }];
    expect(await told({ ...first.spec, layers: named, outputs: ["other"] })).toMatch(/UNROLL_/);
    const { tensors } = readSafetensors(readFileSync(join(folder, "torch_conv1d.safetensors")));
    const mask = { dtype: "U8", shape: [1], data: new Uint8Array(1) } as const;
    writeFileSync(join(folder, "torch_conv1d.safetensors"), writeSafetensors({ ...tensors, mask } as never));
    expect(await told(first.spec)).toMatch(
      /expected tensors among x, lengths, mask.time, layer, w.NAME, f64.NAME, got "mask"/,
    );
    const wide = [{ ...first.spec.layers[0], kernelSize: [5000] }];
    expect(await told({ ...first.spec, layers: wide })).toMatch(/a window of at most 4096 elements/);
    rmSync(folder, { recursive: true });
  });

  it("says what is wrong with a cell, and with names of tensors", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-cells-"));
    const told = async (fixture: string, name: string, more: object): Promise<string> => {
      const [path] = [join(root, "fixtures", fixture)];
      const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: { name: string }[] };
      const own = cases.find((one) => one.name === name)!;
      copyFileSync(join(path, "..", `${name}.safetensors`), join(folder, `${name}.safetensors`));
      writeFileSync(join(folder, "manifest.json"), JSON.stringify({ cases: [{ ...own, ...more }] }));
      return (await unroll("verify", join(folder, "manifest.json"), "--adapter", "builtin")).err;
    };
    const cell = (more: object): Promise<string> =>
      told("cells/manifest.json", "minimal_gated_lengths", more);
    expect(await cell({})).toBe("");
    expect(await cell({ cell: "constructor" })).toMatch(
      /expected a cell among .*sruCell.*, got "constructor"/,
    );
    expect(await cell({ options: { inputSize: 1, units: 1e6 } })).toMatch(/numbers up to 4096/);
    expect(await cell({ options: { inputSize: 1, units: 4 } })).toMatch(
      /tensor "state.layer.h" \[batch, 4\]/,
    );
    expect(await cell({ options: { units: 3 } })).toMatch(/UNROLL_/);
    expect(await cell({ lengths: [2, 7] })).toMatch(/lengths of 3 rows, up to 7/);
    expect(await cell({ lengths: [2, 8, 1] })).toMatch(/lengths of 3 rows, up to 7/);
    expect(await cell({ lengths: "2" })).toMatch(/cases\[0\].lengths: expected a list/);
    const named = (tensors: object): Promise<string> => told("crf/verify.json", "plain", { tensors });
    expect(await named({ x: "emissions" })).toMatch(/expected tensor "emissions", got none in its file/);
    expect(await named({ x: "x", other: "x" })).toMatch(/expected tensors among x, given.*, got "other"/);
    expect(await named({ x: "x", given: "given" })).toMatch(/UNROLL_/);
    rmSync(folder, { recursive: true });
  });

  it.skipIf(fast).each(["builtin", "tfjs:cpu", "tfjs:wasm", "onnx", "onnx:cpu"])(
    "passes every recorded case on %s",
    async (adapter) => {
      const { code, out } = await unroll("verify", ...manifests, "--adapter", adapter, "--json");
      const { total, passed, failed, unsupported, cases } = JSON.parse(out) as {
        total: number;
        passed: number;
        failed: number;
        unsupported: number;
        cases: Record<string, unknown>[];
      };
      expect([code, failed, passed + unsupported]).toEqual([0, 0, total]);
      // 68 PyTorch cases and 33 of Keras, one of them twice.
      expect(
        new Set(
          cases
            .filter(({ status }) => status === "passed")
            .map(({ manifest, name }) => `${String(manifest)} ${String(name)}`),
        ).size,
      ).toBe(68 + 34);
      expect(unsupported).toBe(0);
      for (const one of cases)
        expect(Object.keys(one)).toEqual([
          "manifest",
          "name",
          "adapter",
          "mode",
          "status",
          "maxError",
          "errorOverBound",
          "reason",
        ]);
      expect(cases.filter(({ mode }) => mode === "step").length).toBeGreaterThan(40);
    },
  );

  it.each(fast ? ["builtin", "onnx"] : ["builtin", "tfjs:cpu", "tfjs:wasm", "onnx", "onnx:cpu"])(
    "passes every recorded operator of ONNX on %s",
    async (adapter) => {
      const { code, out } = await unroll(
        "verify",
        "fixtures/onnx-attr/manifest.json",
        "--adapter",
        adapter,
        "--json",
      );
      const { passed, failed, unsupported } = JSON.parse(out) as {
        passed: number;
        failed: number;
        unsupported: number;
      };
      // 13 whole, and the 6 of them by steps that see only the past and have no lengths.
      expect([code, passed, failed, unsupported]).toEqual([0, 19, 0, 0]);
    },
  );

  it("prints a summary for people", async () => {
    const { code, out } = await unroll("verify", "fixtures/onnx-attr/manifest.json", "--only", "lstm");
    expect(code).toBe(0);
    expect(out).toMatch(/manifest +adapter +mode +passed +failed +unsupported +max error +error\/bound/);
  });

  it("fails with the first element that is off, and exit code 1", async () => {
    const { cases } = JSON.parse(readFileSync(join(root, manifests[0]!), "utf8")) as {
      cases: { name: string; file: string }[];
    };
    const entry = cases.find(({ name }) => name === "000_rnn_tanh_l1_bf")!;
    const { tensors } = readSafetensors(readFileSync(join(root, "fixtures/torch", entry.file)));
    const want = tensors["f64.output"]!;
    writeFileSync(
      join(folder, entry.file),
      writeSafetensors({
        ...tensors,
        "f64.output": {
          ...want,
          data: (want.data as Float64Array).map((value, k) => (k === 7 ? value + 1e-5 : value)),
        } as typeof want,
      }),
    );
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ cases: [entry] }));
    const { code, out } = await unroll("verify", join(folder, "manifest.json"));
    expect(code).toBe(1);
    expect(out).toMatch(/failed {2}builtin sequence {2}000_rnn_tanh_l1_bf: output\[0, 1, 2\]: /);
    expect(out).toMatch(/: expected .* within \d\.\de-\d, got/);
  });

  it("names what is wrong with a manifest", async () => {
    writeFileSync(join(folder, "odd.json"), '{ "cases": [{ "file": 1 }] }');
    writeFileSync(join(folder, "cut.json"), '{ "cases": [');
    expect((await unroll("verify", join(folder, "odd.json"))).err).toMatch(
      /cases\[0\]: expected name, file, and module, layer or spec/,
    );
    expect((await unroll("verify", join(folder, "cut.json"))).err).toMatch(
      /^unroll: UNROLL_FORMAT file .*expected JSON/,
    );
    expect(await unroll("verify", manifests[0]!, "--only", "transformer")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nothing checked is nothing passed/) as unknown,
    });
  });
});

describe("unroll", () => {
  it("prints help, and refuses an unknown command with the nearest", async () => {
    expect(await unroll("--help")).toMatchObject({
      code: 0,
      out: expect.stringContaining("verify [options] <manifest...>") as unknown,
    });
    expect(await unroll("verfiy")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/unknown command 'verfiy'\n\(Did you mean verify\?\)/) as unknown,
    });
  });
});
