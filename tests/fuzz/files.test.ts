import { readFileSync } from "node:fs";
import { isUnrollError, tensor } from "@unroll/api";
import { importOnnx, readTfjs, readWeights, type Tensors, writeNpz } from "@unroll/formats";
import { loadModel } from "@unroll/formats/models";
import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { afterEach, describe, expect, it } from "vitest";
import { mutatedJson } from "./mutate.js";

// Real files with bytes changed anywhere: one error of the library's, or tensors that are whole, in bounded
// time and memory, and nothing touched outside. UNROLL_FUZZ says how many of each format.

const numRuns = Number(process.env["UNROLL_FUZZ"] ?? 300);
const seed = 16;

const read = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url)));

/** One change: a byte, a number of 32 bits, a stretch copied elsewhere, or a cut. */
const change = fc.record({
  how: fc.constantFrom("byte", "bit", "number", "copy", "repeat", "cut"),
  at: fc.nat(),
  from: fc.nat(),
  length: fc.integer({ min: 1, max: 64 }),
  value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x1000_0000),
});

function changed(
  bytes: Uint8Array,
  changes: readonly (typeof change extends fc.Arbitrary<infer C> ? C : never)[],
) {
  let own = bytes.slice();
  for (const { how, at, from, length, value } of changes) {
    const [to, source] = [at % Math.max(1, own.length), from % Math.max(1, own.length)];
    if (own.length < 8) break;
    if (how === "byte") own[to] = value;
    else if (how === "bit") own[to]! ^= 1 << (value % 8);
    else if (how === "number") new DataView(own.buffer).setUint32(Math.min(to, own.length - 4), value, true);
    else if (how === "copy") own.copyWithin(to, source, source + length);
    else if (how === "cut") own = own.slice(0, from % 4 === 0 ? to : own.length);
    else
      own = Uint8Array.from([
        ...own.subarray(0, to),
        ...own.subarray(source, source + length),
        ...own.subarray(to),
      ]);
  }
  return own;
}

const changes = fc.array(change, { minLength: 1, maxLength: 4 });

/** Files as they are, and of zip files what is within, packed again so that sums fit. */
const mutated = (files: readonly string[], within: RegExp): fc.Arbitrary<Uint8Array> =>
  fc.tuple(fc.nat(files.length - 1), fc.boolean(), fc.nat(), changes).map(([k, outside, which, list]) => {
    const bytes = read(files[k]!);
    if (outside || bytes[0] !== 0x50) return changed(bytes, list);
    const entries = unzipSync(bytes);
    const names = Object.keys(entries).filter((name) => within.test(name));
    const name = names[which % names.length]!;
    return zipSync({ ...entries, [name]: changed(entries[name]!, list) }, { level: 0 });
  });

const prototypes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype];
const keysBefore = prototypes.map((one) => Reflect.ownKeys(one).length);
afterEach(() => {
  expect(prototypes.map((one) => Reflect.ownKeys(one).length)).toEqual(keysBefore);
});

/** Bytes that a small file may come to. */
const MOST = 2 ** 27;

/** Whether something was read, which then is whole. */
async function holds(reading: () => Promise<{ tensors: Tensors }>): Promise<boolean> {
  const start = performance.now();
  try {
    const { tensors } = await reading();
    expect(Object.getPrototypeOf(tensors)).toBe(null);
    let total = 0;
    for (const { shape, data } of Object.values(tensors)) {
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      total += data.byteLength;
    }
    expect(total).toBeLessThan(MOST);
    return true;
  } catch (error) {
    if (!isUnrollError(error)) throw error;
    expect(error.code).toBe("UNROLL_FORMAT");
    return false;
  } finally {
    expect(performance.now() - start).toBeLessThan(5000);
  }
}

/** Runs a property, and counts what was read: neither nothing nor everything may be refused. */
async function property(arbitrary: fc.Arbitrary<Uint8Array>): Promise<void> {
  const counts = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(arbitrary, async (bytes) => {
      counts[(await holds(() => readWeights(bytes))) ? "read" : "refused"]++;
    }),
    { numRuns, seed },
  );
  expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(0);
}

describe(
  "whatever a file holds, what comes is tensors or one error",
  { timeout: 60_000 + 200 * numRuns },
  () => {
    it("files of PyTorch", async () => {
      const files = ["lstm", "lstm_full"].map((name) => `ports/torch/${name}.pt`);
      const more = ["views", "dtypes", "checkpoint", "module", "scripted", "protocol4"];
      await property(mutated([...files, ...more.map((name) => `files/${name}.pt`)], /data\.pkl$|byteorder$/));
    });

    it("files of PyTorch before 1.6", async () => {
      const more = ["views_legacy", "checkpoint_legacy", "module_legacy"].map((name) => `files/${name}.pt`);
      await property(mutated(["ports/torch/lstm_old.pt", ...more], /./));
    });

    it("HDF5 files of Keras", async () => {
      const files = ["keras-saved/emb_lstm_gru.h5", "keras-saved/emb_lstm_gru.weights.h5", "files/keras2.h5"];
      await property(mutated([...files, "files/pieces.h5", "files/latest.h5"], /./));
    });

    it("whole models of Keras 3", async () => {
      await property(mutated(["keras-saved/emb_lstm_gru.keras"], /h5$|config/));
    });

    it("arrays of NumPy", async () => {
      await property(mutated(["files/arrays.npz", "files/compressed.npz", "files/fortran.npy"], /npy$/));
    });

    it("graphs of ONNX, which are run where they are read", async () => {
      const counts = { run: 0, refused: 0 };
      const files = ["00_lstm", "03_lstm_bidirectional_P", "08_gru_bidirectional_linear_before_reset_lens"];
      const nodes = ["test_scan9_sum", "test_lstm_with_peepholes", "test_loop11"];
      const paths = [
        ...files.map((name) => `onnx-attr/${name}.onnx`),
        ...nodes.map((name) => `onnx-node/${name}/model.onnx`),
      ];
      const one = async (bytes: Uint8Array): Promise<void> => {
        const start = performance.now();
        try {
          const model = await importOnnx(bytes);
          const feeds = model.inputs.map(({ name, dtype, shape }) => {
            const own = (shape ?? []).map((dim) =>
              typeof dim === "number" && dim < 9 ? Math.max(1, dim) : 2,
            );
            const size = own.reduce((a, b) => a * b, 1);
            return [name, tensor(new Array<number>(size).fill(1), own, dtype)] as const;
          });
          await model.run(Object.fromEntries(feeds));
          model.dispose();
          counts.run++;
        } catch (error) {
          if (!isUnrollError(error)) throw error;
          counts.refused++;
        } finally {
          expect(performance.now() - start).toBeLessThan(5000);
        }
      };
      await fc.assert(fc.asyncProperty(mutated(paths, /./), one), { numRuns, seed });
      expect(Math.min(counts.run, counts.refused)).toBeGreaterThan(0);
    });

    it("files of ONNX", async () => {
      await property(
        mutated(
          ["onnx-attr/00_lstm.onnx", "onnx-attr/08_gru_bidirectional_linear_before_reset_lens.onnx"],
          /./,
        ),
      );
    });

    it("safetensors", async () => {
      await property(mutated(["ports/torch/lstm_pt.safetensors", "files/dtypes.pt.safetensors"], /./));
    });

    it("model.json of TensorFlow.js", async () => {
      const model = {
        format: "layers-model",
        modelTopology: { class_name: "Sequential", config: { layers: [] } },
        weightsManifest: [
          {
            paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"],
            weights: [
              { name: "kernel", shape: [2, 3], dtype: "float32" },
              {
                name: "bias",
                shape: [3],
                dtype: "float32",
                quantization: { dtype: "uint8", scale: 0.1, min: -1 },
              },
              { name: "half", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
            ],
          },
        ],
      };
      const shards = (name: string): Uint8Array => new Uint8Array(name.includes("1of2") ? 20 : 11);
      let whole = 0;
      await fc.assert(
        fc.asyncProperty(mutatedJson([model]), async (json) => {
          const bytes = new TextEncoder().encode(JSON.stringify(json) ?? "");
          if (await holds(() => readTfjs(bytes, shards))) whole++;
        }),
        { numRuns, seed },
      );
      expect(whole).toBeGreaterThan(0);
    });

    it("whole models of Keras, whose configuration is another", async () => {
      const entries = unzipSync(read("keras-saved/emb_lstm_gru.keras"));
      const config = JSON.parse(new TextDecoder().decode(entries["config.json"])) as object;
      const counts = { loaded: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(mutatedJson([config]), async (json) => {
          const text = JSON.stringify(json) ?? "";
          const file = zipSync({ ...entries, "config.json": new TextEncoder().encode(text) }, { level: 0 });
          const start = performance.now();
          try {
            (await loadModel(file)).dispose();
            counts.loaded++;
          } catch (error) {
            if (!isUnrollError(error)) throw error;
            counts.refused++;
          }
          expect(performance.now() - start).toBeLessThan(5000);
        }),
        { numRuns, seed },
      );
      expect(Math.min(counts.loaded, counts.refused)).toBeGreaterThan(0);
    });

    it("bytes of no format at all, behind the first bytes of each", async () => {
      const starts = [
        "files/views.pt",
        "files/views_legacy.pt",
        "files/fortran.npy",
        "files/pieces.h5",
        "onnx-attr/00_lstm.onnx",
      ];
      const heads = [...starts.map((file) => read(file).slice(0, 16)), writeNpz({}).slice(0, 8)];
      await fc.assert(
        fc.asyncProperty(fc.nat(heads.length - 1), fc.uint8Array({ maxLength: 300 }), async (k, rest) => {
          await holds(() => readWeights(Uint8Array.from([...heads[k]!, ...rest])));
        }),
        { numRuns, seed },
      );
    });
  },
);
