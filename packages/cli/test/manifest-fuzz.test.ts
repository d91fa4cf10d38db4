import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtin, isUnrollError } from "@unroll/api";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { loadModel } from "../src/model/load-model.js";
import { check } from "../src/verify/check.js";
import { readManifest } from "../src/verify/manifest.js";
import { root } from "./io.js";
import { type Mutation, mutatedBytes, mutatedText, mutations } from "./json-mutations.js";

/** Inputs in all; as many for each kind of file. */
const inputs = Number(process.env["UNROLL_FUZZ"] ?? 300);
const seed = Number(process.env["UNROLL_FUZZ_SEED"] ?? 1);

const folder = mkdtempSync(join(tmpdir(), "unroll-fuzz-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const io = { out: () => undefined, err: () => undefined, interactive: false, cwd: folder, env: {} };

type Entry = { name: string; file?: string } & Record<string, unknown>;

/** Members that nothing reads would take most of the changes. */
const unread = ["tensors", "f32_max_abs_error", "onnxruntime_max_abs_difference_from_f64", "gradients"];

/** Small cases of each kind, one with each of the options. */
const cases = {
  torch: ["fixtures/torch", /^(000|003|015|030|047|057|060|066)_/],
  keras: ["fixtures/keras-like", /^(00|03|06|14|20|27|32)_/],
  onnx: ["fixtures/onnx-attr", /^(00|03|04|07|10|12)_/],
  spec: [
    "fixtures/windows",
    /^(torch_conv1d_groups|keras_conv1d_causal|torch_max_pool2d|keras_conv1d_same)$/,
  ],
  cell: ["fixtures/cells", /^(highway_d1|highway_d4|minimal_gated_lengths|layer_norm_lstm)$/],
  kin: ["fixtures/cells-kin", /^(highway_uncoupled|zoneout|conv_lstm_1d_keras|slstm|window|sru_2017)$/],
} as const;

function entriesOf(kind: keyof typeof cases): Entry[] {
  const [fixture, wanted] = cases[kind];
  const manifest = JSON.parse(readFileSync(join(root, fixture, "manifest.json"), "utf8")) as {
    cases: Entry[];
  };
  mkdirSync(join(folder, kind));
  const entries = manifest.cases.filter(({ name }) => wanted.test(name));
  for (const { name, file = `${name}.safetensors` } of entries) {
    copyFileSync(join(root, fixture, file), join(folder, kind, file));
    if (kind === "onnx")
      copyFileSync(join(root, fixture, `${name}.onnx`), join(folder, kind, `${name}.onnx`));
  }
  return entries.map(
    (entry) => Object.fromEntries(Object.entries(entry).filter(([key]) => !unread.includes(key))) as Entry,
  );
}

const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));

/** How many inputs ended in each way. */
const endings = new Map<string, number>();

/** Does the work on an input: it is done, or refused with an error of ours, and within a second. */
async function survives(work: () => Promise<void>): Promise<void> {
  // The processor's time: others may share it.
  const before = process.cpuUsage();
  let ending = "done";
  try {
    await work();
  } catch (error) {
    if (!isUnrollError(error)) throw error;
    expect(error.message).toMatch(/^[^]+: expected [^]+, got [^]+; [^]+$/);
    expect(error.message.length).toBeLessThan(2000);
    ending = error.code;
  }
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(1_000_000);
  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(prototype);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  endings.set(ending, (endings.get(ending) ?? 0) + 1);
}

async function verifyAll(path: string): Promise<void> {
  for (const { cases: recorded } of await readManifest(io, path, () => true))
    for (const one of recorded)
      for (const mode of one.modes) await check(path, one, mode, { name: "builtin", adapter: builtin() });
}

const options = { numRuns: Math.ceil(inputs / 7), seed, endOnFailure: true };
const limit = 30_000 + inputs * 100;

describe("a mutated file is refused with one error of ours", () => {
  it.each(["torch", "keras", "onnx", "spec", "cell", "kin"] as const)(
    "a manifest of %s",
    { timeout: limit },
    async (kind) => {
      const entries = entriesOf(kind);
      const path = join(kind, "manifest.json");
      // The loop that warms up the engine is not what is timed.
      writeFileSync(join(folder, path), JSON.stringify({ cases: entries }));
      await verifyAll(path);
      await fc.assert(
        fc.asyncProperty(fc.nat(), mutations, async (n, changes) => {
          writeFileSync(join(folder, path), mutatedText({ cases: [entries[n % entries.length]] }, changes));
          await survives(() => verifyAll(path));
        }),
        options,
      );
    },
  );

  it("a model's folder, and the tensors of a case", { timeout: limit }, async () => {
    const models = ["charlm", "tagger"].map((name) => {
      mkdirSync(join(folder, name));
      copyFileSync(
        join(root, "fixtures/models", name, `${name}.safetensors`),
        join(folder, name, `${name}.safetensors`),
      );
      const json = JSON.parse(
        readFileSync(join(root, "fixtures/models", name, `${name}.json`), "utf8"),
      ) as Record<string, unknown>;
      const read = ["architecture", "vocab", "passage", "prompt", "mean_loglik", "words", "max_chars"];
      return {
        name,
        document: Object.fromEntries(Object.entries(json).filter(([key]) => read.includes(key))),
      };
    });
    const [entry] = JSON.parse(readFileSync(join(root, "fixtures/torch/manifest.json"), "utf8"))
      .cases as Entry[];
    mkdirSync(join(folder, "bytes"));
    const path = join("bytes", "manifest.json");
    writeFileSync(join(folder, path), JSON.stringify({ cases: [entry] }));
    const bytes = readFileSync(join(root, "fixtures/torch", entry!.file!));
    const spoil = (changes: readonly Mutation[]): Uint8Array =>
      mutatedBytes(
        bytes,
        changes.map((one) => ({
          ...one,
          kind: one.kind === "cut" ? "cut" : "byte",
          where: one.where % 4096,
        })),
      );
    await fc.assert(
      fc.asyncProperty(fc.nat(2), mutations, async (n, changes) => {
        const model = models[n];
        if (model) {
          writeFileSync(join(folder, model.name, `${model.name}.json`), mutatedText(model.document, changes));
          await survives(async () => void (await loadModel(io, model.name)));
        } else {
          writeFileSync(join(folder, "bytes", entry!.file!), spoil(changes));
          await survives(() => verifyAll(path));
        }
      }),
      options,
    );
  });

  it("and not every one of them is refused, nor let through", () => {
    const total = [...endings.values()].reduce((a, b) => a + b, 0);
    if (process.env["UNROLL_FUZZ"] !== undefined) console.log(Object.fromEntries(endings), total);
    expect(total).toBe(7 * options.numRuns);
    expect(endings.get("done")).toBeGreaterThan(0);
    expect(endings.get("UNROLL_FORMAT")).toBeGreaterThan(total / 4);
  });
});
