import { dirname } from "node:path";
import { type HostTensor, isUnrollError, tensor, unrollError } from "@unroll/api";
import type { AnyTensor } from "@unroll/api/weights";
import { readNpz, writeNpz } from "@unroll/formats";
import { loadModel } from "@unroll/formats/models";
import { adapterOf } from "../adapters.js";
import type { AddCommand } from "../command.js";
import { jsonLine } from "../escaped.js";
import { readBytes, readJson } from "../files.js";
import type { Io } from "../io.js";
import { fileInside } from "../json/inside.js";
import { reportFile } from "../report-file.js";
import { table } from "../table.js";

interface Options {
  readonly input: string;
  readonly output?: string;
  readonly adapter?: string;
  readonly device?: string;
  readonly json?: boolean;
}

/** `unroll run`: a whole model out of its file, on inputs out of another. */
export const runCommand: AddCommand = (program, io) => {
  program
    .command("run")
    .description("Run a whole model of Keras or TensorFlow.js on inputs out of a file")
    .argument("<model>", ".keras, .h5, or model.json beside its shards")
    .requiredOption("--input <file>", ".npz, or .json of nested lists, by the names of the model's inputs")
    .option("--output <file.npz>", "write the outputs there, as NumPy reads them")
    .option("--adapter <name>", "builtin, tfjs or onnx (default: configuration, then builtin)")
    .option("--device <name>", "e.g. wasm")
    .option("--json", "print one JSON object, all numbers in it")
    .action(async (file: string, options: Options) => {
      if (options.output !== undefined && !options.output.endsWith(".npz"))
        throw refused("--output", "a file named *.npz", `"${options.output}"`, "NumPy reads it");
      const { adapter, name: engine } = await adapterOf(options.adapter, options.device, io);
      const model = await loadModel(await readBytes(io, file), {
        adapter,
        shards: async (shard) => readBytes(io, await fileInside(io, dirname(file), shard, `file "${file}"`)),
      });
      const given = await givenInputs(io, options.input);
      const inputs = model.spec.inputs.map(({ name, dtype }) => ({ name, dtype }));
      const output = options.output === undefined ? null : await reportFile(io, "--output", options.output);
      const results = [await model.predict(inputsFor(inputs, given, options.input))].flat();
      model.dispose();
      const outputs = Object.fromEntries(results.map((one, k) => [`output_${k}`, one]));
      await output?.write(writeNpz(outputs));
      if (options.json)
        io.out(
          jsonLine({
            model: model.name,
            adapter: engine,
            device: adapter.device,
            outputs: results.map(({ dtype, shape, data }) => ({
              dtype,
              shape,
              data: Array.from(data, finite),
            })),
          }),
        );
      else io.out(table(["output", "dtype", "shape", "first numbers"], Object.entries(outputs).map(row)));
    });
};

/** JSON has no NaN and no Infinity. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Numbers of an output that are printed. */
const PRINTED = 6;

const row = ([name, { dtype, shape, data }]: readonly [string, HostTensor]): string[] => [
  name,
  dtype,
  `[${shape.join(", ")}]`,
  Array.from(data.subarray(0, PRINTED), (value) => String(Number(value.toPrecision(6)))).join(" ") +
    (data.length > PRINTED ? " ..." : ""),
];

type Given = ReadonlyMap<string, AnyTensor | readonly unknown[]>;

/** Inputs by name; those of a file that has a list alone are the only one there is. */
async function givenInputs(io: Io, path: string): Promise<Given> {
  if (path.endsWith(".npz")) return new Map(Object.entries(await readNpz(await readBytes(io, path))));
  if (!path.endsWith(".json"))
    throw refused("--input", "a file named *.npz or *.json", `"${path}"`, "numpy.savez writes the first");
  return new Map(
    Object.entries(await readJson(io, path)).map(([name, value]) => {
      if (!Array.isArray(value))
        throw refused(`--input "${name}"`, "nested lists of numbers", typeof value, 'e.g. { "x": [[1, 2]] }');
      return [name, value as readonly unknown[]];
    }),
  );
}

/** Values in the order of the model's inputs, each as what reads it takes it. */
function inputsFor(
  inputs: readonly { readonly name: string; readonly dtype: HostTensor["dtype"] }[],
  given: Given,
  path: string,
): HostTensor[] {
  const names = inputs.map(({ name }) => name);
  const only = inputs.length === 1 && given.size === 1;
  const strange = [...given.keys()].filter((name) => !names.includes(name));
  if (!only && (strange.length > 0 || given.size < names.length))
    throw refused(
      "--input",
      `values for ${names.join(", ")}`,
      [...given.keys()].join(", ") || "none",
      `name those of "${path}" after the model's inputs`,
    );
  return inputs.map(({ name, dtype }) => {
    const value = only ? [...given.values()][0]! : given.get(name)!;
    return "data" in value ? stored(name, value, dtype) : listed(name, value, dtype);
  });
}

function listed(name: string, value: readonly unknown[], dtype: HostTensor["dtype"]): HostTensor {
  try {
    const { shape } = tensor(value as number[]);
    // Not what it read, which float32 has rounded: an id past 2^24 would be another.
    return cast(name, shape, value.flat(Infinity).map(Number), dtype);
  } catch (cause) {
    if (!isUnrollError(cause)) throw cause;
    throw refused(
      `--input "${name}"`,
      "nested lists of numbers, of equal lengths",
      cause.message,
      "check it",
    );
  }
}

const stored = (name: string, { dtype, shape, data }: AnyTensor, wanted: HostTensor["dtype"]): HostTensor =>
  dtype === "F16" || dtype === "BF16"
    ? refuseType(name, dtype)
    : cast(name, shape, Array.from(data as ArrayLike<number | bigint>, Number), wanted);

function refuseType(name: string, dtype: string): never {
  throw refused(`--input "${name}"`, "numbers of 32 bits or more, or of whole ones", dtype, "astype('f4')");
}

/** Numbers as elements of a type. @throws UNROLL_ARGUMENT for those that it would change beyond rounding */
function cast(
  name: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  dtype: HostTensor["dtype"],
): HostTensor {
  const all = Array.from(values);
  if (dtype === "float32") {
    const vast = all.find((value) => Number.isFinite(value) && !Number.isFinite(Math.fround(value)));
    if (vast !== undefined)
      throw refused(`--input "${name}"`, "numbers that float32 holds", String(vast), "scale them");
    return { dtype, shape, data: Float32Array.from(all) };
  }
  const whole = dtype === "bool" ? (n: number) => n === 0 || n === 1 : (n: number) => n === (n | 0);
  const odd = all.find((value) => !whole(value));
  if (odd !== undefined)
    throw refused(
      `--input "${name}"`,
      dtype === "bool" ? "0 and 1 alone" : "whole numbers of 32 bits, as ids are",
      String(odd),
      "check that it is this input's",
    );
  return dtype === "bool"
    ? { dtype, shape, data: Uint8Array.from(all) }
    : { dtype, shape, data: Int32Array.from(all) };
}

const refused = (place: string, expected: string, got: string, cure: string): Error =>
  unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
