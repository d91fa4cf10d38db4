import { readdirSync, readFileSync } from "node:fs";
import { isUnrollError } from "@unroll/api";
import { readSafetensors } from "@unroll/api/weights";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { readPyTorch, readWeights, type WeightsFormat } from "../src/index.js";

// Files that real frameworks wrote, and what each has to give to the bit.

const at = (path: string): URL => new URL(`../../../fixtures/${path}`, import.meta.url);
const bytesAt = (path: string): Uint8Array => new Uint8Array(readFileSync(at(path)));
const held = (path: string): Record<string, unknown> => ({ ...readSafetensors(bytesAt(path)).tensors });

const formats: readonly (readonly [ending: string, format: WeightsFormat])[] = [
  [".weights.h5", "weights.h5"],
  [".keras", "keras"],
  [".pt", "pytorch"],
  [".npz", "npz"],
  [".npy", "npy"],
];
/** Of HDF5 files only those with Keras's lists of layers are of its older form. */
const formatOf = (file: string): WeightsFormat =>
  formats.find(([ending]) => file.endsWith(ending))?.[1] ??
  (["trained.h5", "keras2.h5", "split.h5"].includes(file) ? "h5" : "weights.h5");

const { files } = JSON.parse(readFileSync(at("files/manifest.json"), "utf8")) as {
  files: { file: string; tensors: string | null }[];
};

/** Files that hold what is no tensor of ours, and what is said of each. */
const refusals: Readonly<Record<string, RegExp>> = {
  "hostile.pt":
    /pytorch file: expected calls that make tensors and plain values, got a call of posix\.system/,
  "quantised.pt": /got torch\.QUInt8Storage; convert the tensor/,
  "sparse.pt": /got a call of torch\._utils\._rebuild_sparse_tensor/,
  "complex.pt": /got torch\.ComplexFloatStorage; convert the tensor/,
  "negated.pt":
    /expected tensors whose numbers are those of their storage, got one with neg; save tensor\.res/,
  "keys.pt": /"state\.\?": expected tensors by name, got one whose key is a list; save the state dict/,
  "set.pt": /"set\.0": expected tensors by name, got one in a set; save the state dict/,
  "objects.npy": /npy file: expected an array of numbers, got one of Python objects/,
  "complex.npy": /expected an element type among .*, got c16/,
  "records.npy": /got one of records/,
  "dense.h5": /expected groups in the form that h5py writes by default, got one whose members stand in/,
  "links.h5": /expected members that are in the file, got "elsewhere"/,
  "itself.h5": /expected groups within groups, got one within itself/,
  "lzf.h5": /expected data plain or packed by gzip, got filter 32000/,
  "texts.h5": /keras file "weights": expected numbers, got texts/,
};

/** An ONNX model with the fields of a name first. */
function reordered(bytes: Uint8Array, first: RegExp): Uint8Array {
  const names: Readonly<Record<number, string>> = { 7: "graph", 8: "opset_import" };
  const reader = new BinaryReader(bytes);
  const fields: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wire] = reader.tag();
    reader.skip(wire, field);
    fields.push({ name: names[field] ?? "other", bytes: bytes.subarray(start, reader.pos) });
  }
  const ahead = fields.filter(({ name }) => first.test(name));
  return Buffer.concat([...ahead, ...fields.filter((one) => !ahead.includes(one))].map((one) => one.bytes));
}

describe("files that frameworks wrote", () => {
  it("are all among these", () => {
    const folder = readdirSync(at("files/")).filter((name) => !/\.(safetensors|py|json)$/.test(name));
    expect(files.map(({ file }) => file)).toEqual(folder.sort());
    const without = files.filter(({ file, tensors }) => tensors === null && file !== "trained.keras");
    expect(without.map(({ file }) => file).sort()).toEqual(Object.keys(refusals).sort());
  });

  for (const { file, tensors } of files.filter(({ tensors }) => tensors !== null))
    it(`${file} to the bit`, async () => {
      const read = await readWeights(bytesAt(`files/${file}`));
      expect(read.format).toBe(formatOf(file));
      expect({ ...read.tensors }).toEqual(held(`files/${tensors!}`));
      expect(Object.getPrototypeOf(read.tensors)).toBe(null);
    });

  for (const [file, words] of Object.entries(refusals))
    it(`${file} is refused by name`, async () => {
      const error: unknown = await readWeights(bytesAt(`files/${file}`)).catch((cause: unknown) => cause);
      expect(isUnrollError(error) && error.code).toBe("UNROLL_FORMAT");
      expect((error as Error).message).toMatch(words);
    });

  it("an LSTM's state dict, of today's form and the older one, and the module whole", async () => {
    const weights = Object.fromEntries(
      Object.entries(held("ports/torch/lstm_pt.safetensors"))
        .filter(([name]) => name.startsWith("w."))
        .map(([name, one]) => [name.slice(2), one]),
    );
    expect(Object.keys(weights).length).toBe(4);
    for (const file of ["lstm.pt", "lstm_old.pt", "lstm_full.pt"])
      expect({ ...(await readPyTorch(bytesAt(`ports/torch/${file}`))) }, file).toEqual(weights);
  });

  it("part of a checkpoint", async () => {
    const all = held("files/checkpoint.pt.safetensors");
    const model = Object.fromEntries(
      Object.entries(all).flatMap(([name, one]) => (name.startsWith("model.") ? [[name.slice(6), one]] : [])),
    );
    for (const file of ["checkpoint.pt", "checkpoint_legacy.pt"]) {
      const bytes = bytesAt(`files/${file}`);
      expect({ ...(await readPyTorch(bytes, { select: "model" })) }).toEqual(model);
      const moments = await readPyTorch(bytes, { select: "optimizer.state.0" });
      expect(Object.keys(moments).sort()).toEqual(["exp_avg", "exp_avg_sq", "step"]);
      await expect(readPyTorch(bytes, { select: "net" })).rejects.toThrow(
        'pytorch file: expected "net" in it, got model, optimizer, epoch, arguments, path, best',
      );
    }
  });

  it("a Keras model, in each of its files, with what model it is", async () => {
    for (const name of ["emb_lstm_gru", "bilstm_simplernn"]) {
      const [whole, old, weights] = await Promise.all(
        ["keras", "h5", "weights.h5"].map((ending) => readWeights(bytesAt(`keras-saved/${name}.${ending}`))),
      );
      expect([whole!.format, old!.format, weights!.format]).toEqual(["keras", "h5", "weights.h5"]);
      expect({ ...whole!.tensors }).toEqual({ ...weights!.tensors });
      expect(Object.keys(old!.tensors).length).toBe(Object.keys(weights!.tensors).length);
      for (const { configuration } of [whole!, old!])
        expect(configuration).toMatchObject({ config: { name } });
      expect(weights!.configuration).toBe(null);
    }
  });

  it("a Keras model that was trained, with what its optimizer kept", async () => {
    const whole = await readWeights(bytesAt("files/trained.keras"));
    expect({ ...whole.tensors }).toMatchObject(
      Object.fromEntries(
        Object.entries(held("files/trained.weights.h5.safetensors")).filter(([name]) => !/^optim/.test(name)),
      ),
    );
    expect(Object.keys(whole.tensors).some((name) => name.startsWith("optimizer/"))).toBe(true);
    expect(whole.configuration).toMatchObject({ class_name: "Sequential", config: { name: "trained" } });
  });

  it("comes from bytes anywhere, a Blob and a response alike, and says how far it is", async () => {
    const bytes = bytesAt("files/views.pt");
    const within = new Uint8Array(bytes.length + 3);
    within.set(bytes, 3);
    const expected = held("files/views.pt.safetensors");
    const seen: [number, number | null][] = [];
    const progress = (loaded: number, total: number | null): void => void seen.push([loaded, total]);
    for (const source of [
      bytes,
      within.subarray(3),
      bytes.slice().buffer,
      Buffer.from(bytes),
      new Blob([bytes.slice()]),
      new Response(bytes.slice(), { headers: { "content-length": `${bytes.length}` } }),
    ]) {
      const { tensors } = await readWeights(source, { progress });
      expect({ ...tensors }).toEqual(expected);
      expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
    }
    await expect(readWeights(new Response("gone", { status: 404 }))).rejects.toThrow(
      "expected an answer with the file, got status 404; check the address",
    );
    await expect(readWeights("views.pt" as never)).rejects.toThrow("expected a Uint8Array, an ArrayBuffer");
    await expect(readWeights(null as never)).rejects.toThrow("got null");
    await expect(readWeights(bytesAt("files/arrays.npz"), { select: "model" })).rejects.toThrow(
      "readWeights: expected select for a file of PyTorch, got a file of format npz; leave it out",
    );
    await expect(readWeights(bytes, { from: "model" } as never)).rejects.toThrow(/readWeights: .*"?from"?/);
    await expect(readWeights(bytes, { format: "npz" })).rejects.toThrow(
      "expected the format npz, got pytorch",
    );
  });

  it("is known by what is in it, of every format", async () => {
    expect((await readWeights(bytesAt("ports/torch/p01a.safetensors"))).format).toBe("safetensors");
    expect((await readWeights(bytesAt("onnx-attr/00_lstm.onnx"))).format).toBe("onnx");
    // A model whose fields come in another order, as is allowed.
    for (const order of [/^graph/, /^opset_import/]) {
      const { tensors, format } = await readWeights(reordered(bytesAt("onnx-attr/00_lstm.onnx"), order));
      expect([format, Object.keys(tensors).length]).toEqual(["onnx", 3]);
    }
    for (const text of ["Bonjour, this is a text.", ": a list", "B", ":", "Bold\n".repeat(40)])
      await expect(readWeights(new TextEncoder().encode(text)), text).rejects.toThrow(
        /^file: expected one of the formats .*, got first bytes \d+/,
      );
    for (const text of ["", "hello", "PK\u0003\u0004"])
      await expect(readWeights(new TextEncoder().encode(text))).rejects.toThrow(/^(file|zip file): expected/);
  });
});
