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
 * @param weights by canonical name, as `compile` takes them
 * @throws UNROLL_WEIGHTS for weights that are not the program's, UNROLL_ARGUMENT for options, or for zeros of
 *   a size that no other input has
 */
export function onnxFile(program: Program, weights: WeightMap, options: OnnxFileOptions = {}): OnnxFile {
  knownOptions("onnxFile", options, ["states", "metadata"]);
  const { states: how = "inputs", metadata = {} } = options;
  if (how !== "inputs" && how !== "zeros")
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "onnxFile states",
      expected: '"inputs" or "zeros"',
      got: JSON.stringify(how) ?? String(how),
      cure: "leave it out to feed them",
    });
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

/** Metadata as it is given, all of it text. @throws UNROLL_ARGUMENT */
function textsOf(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === "string" && name !== "unroll.states") continue;
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `onnxFile metadata "${name}"`,
      expected: name === "unroll.states" ? "a name of your own" : "text",
      got: name === "unroll.states" ? "the one that says which output is which state" : typeof value,
      cure: name === "unroll.states" ? "choose another name" : "write it as text, e.g. by JSON.stringify",
      details: { name },
    });
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
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: `onnxFile state "${name}"`,
    expected: `an input with axis "${unknown}", whose size its zeros have`,
    got: others.map((input) => input.name).join(", ") || "no input but states",
    cure: 'feed it: states: "inputs"',
    details: { name },
  });
}
