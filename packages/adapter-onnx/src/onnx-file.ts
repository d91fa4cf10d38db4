import {
  CONTRACT,
  type DType,
  type Dim,
  knownOptions,
  legalize,
  primitiveNames,
  type Program,
  takenWeights,
  unrollError,
  type WeightMap,
} from "@unroll/api/adapter";
import { claims, count, withWeights, written } from "./onnx-model.js";
import { encodeModel } from "./proto.js";

/** Options of {@link onnxFile}. */
export interface OnnxFileOptions {
  /**
   * What becomes of the state. `"inputs"`, the default: it is fed, and what it is after the run is put out.
   * `"zeros"`: every run begins with zeros made inside, and states are not put out, as a classifier wants it.
   */
  readonly states?: "inputs" | "zeros";
  /** What else the file says of itself, by name: ONNX's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A value that a file is fed, or puts out. */
export interface OnnxFileValue {
  /** Its name in the file. */
  readonly name: string;
  /** What its elements are. */
  readonly dtype: DType;
  /** Sizes of its axes, names where any size will do: `["batch", "time", 3]`. */
  readonly shape: readonly Dim[];
}

/** A part of the state: fed as the one, put out as the other, to be fed at the next run. */
export interface OnnxFileState {
  /** Name of the input. */
  readonly input: string;
  /** Name of the output. */
  readonly output: string;
}

/** An ONNX file. */
export interface OnnxFile {
  /** What to write to disk. */
  readonly bytes: Uint8Array;
  /** What it is fed. */
  readonly inputs: readonly OnnxFileValue[];
  /** What it puts out. */
  readonly outputs: readonly OnnxFileValue[];
  /** Which output is fed as which input at the next run; also in the file, as `unroll.states`. */
  readonly states: readonly OnnxFileState[];
  /** How many operators of each type it has, those inside Scan included. */
  readonly nodeCounts: Readonly<Record<string, number>>;
}

/** Whoever reads the file runs ONNX: all that this package can write. */
const target: Parameters<typeof legalize>[1] = {
  name: "onnx file",
  capabilities: {
    contract: CONTRACT,
    primitives: primitiveNames,
    composites: claims,
    precision: "f32",
    losesNaN: false,
    synchronous: false,
    memory: "host",
  },
};

/** Whether a program's input or output of this name is a part of the state. */
const isState = (name: string): boolean => name.startsWith("state.");

/** Names under which the results of a run are put out; what is an input too is that of the next run. */
function namesOf({ inputs, outputs }: Program): string[] {
  const taken = new Set([...inputs, ...outputs].map(({ name }) => name));
  return outputs.map(({ name }) => {
    if (!inputs.some((input) => input.name === name)) return name;
    let free = `${name}.next`;
    while (taken.has(free)) free += ".next";
    taken.add(free);
    return free;
  });
}

/**
 * The ONNX file of a program, for whatever runs ONNX: weights as initializers, sizes that may differ as named
 * dims, operator set 17. Inputs and outputs have the program's names; a state is fed as e.g. `state.lstm.h`
 * and put out as `state.lstm.h.next`, in the same order, and the metadata `unroll.states` says so.
 *
 * `lower(spec, { mode: "step" })` of `@unroll/api` makes the program of a spec, `{ mode: "sequence" }` that
 * of whole sequences, `extents: { time: "lengths" }` one that is fed the length of each row.
 *
 * @param weights by canonical name, as `compile` takes them; what the program does not read is not looked at
 * @throws UNROLL_WEIGHTS for weights that are not the program's, UNROLL_ARGUMENT for options, or for zeros of
 *   a size that no other input has
 */
export function onnxFile(program: Program, weights: WeightMap, options: OnnxFileOptions = {}): OnnxFile {
  assertGiven(program, weights, options);
  const { states: how = "inputs", metadata = {} } = options;
  const legal = legalize(program, target);
  const taken = takenWeights(legal, weights);
  const names = namesOf(legal);
  const pairs = legal.outputs.flatMap(({ name }, k) =>
    isState(name) && legal.inputs.some((input) => input.name === name)
      ? [{ input: name, output: names[k]! }]
      : [],
  );
  const zeros = how === "zeros" ? pairs.map(({ input }) => input) : [];
  const kept = legal.outputs.flatMap(({ name }, k) => (zeros.includes(name) ? [] : [k]));
  for (const name of zeros) assertSized(legal, name, zeros);
  const graph = withWeights(written(legal, taken, { device: "cpu", outputs: kept, names, zeros }));
  const states = how === "zeros" ? [] : pairs;
  const bytes = encodeModel(graph, { ...textsOf(metadata), "unroll.states": JSON.stringify(states) });
  const values = (list: typeof graph.inputs): OnnxFileValue[] =>
    // No value of a program is of 64 bits.
    list.map(({ name, type, shape }) => ({ name, dtype: type as DType, shape: [...shape] }));
  return {
    bytes,
    inputs: values(graph.inputs),
    outputs: values(graph.outputs),
    states,
    nodeCounts: count(graph),
  };
}

const refused = (place: string, expected: string, got: string, cure: string): Error =>
  unrollError({ code: "UNROLL_ARGUMENT", place: `onnxFile${place}`, expected, got, cure });

const nameOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Refuses arguments of other kinds. What is in a program is looked at when it is verified. */
function assertGiven(program: unknown, weights: unknown, options: unknown): void {
  if (isRecord(program) && program["format"] === "unroll.spec")
    throw refused("", "a program", "a spec", 'lower(spec, { mode: "sequence" }) or "step" makes it');
  if (!isRecord(weights)) throw refused(" weights", "tensors by name", nameOf(weights), "give all of them");
  if (!isRecord(options)) throw refused(" options", "an object", nameOf(options), "leave them out");
  knownOptions("onnxFile", options, ["states", "metadata"]);
  const { states, metadata } = options;
  if (states !== undefined && states !== "inputs" && states !== "zeros")
    throw refused(
      " states",
      '"inputs" or "zeros"',
      typeof states === "string" ? `"${states}"` : nameOf(states),
      "leave it out to feed them",
    );
  if (metadata !== undefined && !isRecord(metadata))
    throw refused(" metadata", "texts by name", nameOf(metadata), "leave it out for none");
}

/** Metadata as it is given, all of it text. @throws UNROLL_ARGUMENT */
function textsOf(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  for (const [name, value] of Object.entries(metadata)) {
    const place = ` metadata "${name}"`;
    if (name === "unroll.states")
      throw refused(place, "a name of your own", "the one that pairs states", "choose another name");
    if (typeof value !== "string")
      throw refused(place, "text", nameOf(value), "write it as text, e.g. by JSON.stringify");
  }
  return metadata as Record<string, string>;
}

/** Whether zeros can be as large as an input would have been. @throws UNROLL_ARGUMENT */
function assertSized({ inputs }: Program, name: string, zeros: readonly string[]): void {
  const { shape } = inputs.find((input) => input.name === name)!.type;
  const others = inputs.filter((input) => !zeros.includes(input.name));
  const unknown = shape.find(
    (dim) => typeof dim === "string" && !others.some(({ type }) => type.shape.includes(dim)),
  );
  if (unknown === undefined) return;
  throw refused(
    ` state "${name}"`,
    `an input with axis "${unknown}", whose size its zeros have`,
    others.map((input) => input.name).join(", ") || "no input but states",
    'feed it: states: "inputs"',
  );
}
