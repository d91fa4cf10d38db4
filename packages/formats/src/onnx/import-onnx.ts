import { builtin } from "@unroll/api";
import {
  type Adapter,
  allocate,
  type DType,
  type HostTensor,
  isHostTensor,
  knownOptions,
  type Prepared,
  prepare,
  sizeOf,
  tensor,
  unrollError,
} from "@unroll/api/adapter";
import { type ProgramOfTensors, programOfTensors } from "@unroll/api/torch";
import { bytesOf, type FileSource, type Progress } from "../source.js";
import { elementwise } from "./elementwise.js";
import { type GraphProto, type ModelProto, readModelProto, type ValueProto } from "./graph-proto.js";
import { Interpreter } from "./interpret.js";
import { KeptPrograms } from "./kept-programs.js";
import { fedInputs, type OnnxState, statesOf, withStates } from "./states.js";
import { dtypes, known } from "./tensors.js";
import { unsupportedIn } from "./unsupported.js";

/** Options of {@link importOnnx}. */
export interface ImportOnnxOptions {
  /** The engine. Default the builtin one. */
  readonly adapter?: Adapter;
  /**
   * Which outputs are fed as which inputs at the next run. Default: those that the file names, those that are
   * the first and last state of a recurrent node, and those with names that go together; `[]` for none.
   */
  readonly states?: readonly OnnxState[];
  /**
   * Inputs that sizes follow from, such as how often a loop runs: what is made ready is for their values.
   */
  readonly known?: readonly string[];
  /** Called as the file arrives. */
  readonly progress?: Progress;
}

/** An input or output of an imported model. */
export interface OnnxValue {
  /** Its name in the file. */
  readonly name: string;
  /** What its elements are; int32 where the file has whole numbers of 64 bits. */
  readonly dtype: DType;
  /** Sizes of its axes: a number, a name where any size will do, null where the file says nothing. */
  readonly shape: readonly (number | string | null)[] | null;
}

/** Tensors by the names of a model's inputs or outputs. */
export type OnnxTensors = Readonly<Record<string, HostTensor>>;

/** What `step` of an `OnnxModel` returns. */
export interface OnnxStepped {
  /** Outputs by name, one that is a state too among them where the file says that it is an output. */
  readonly outputs: Record<string, HostTensor>;
  /** States by the names of the inputs that take them: what the next step is given. */
  readonly state: Record<string, HostTensor>;
}

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ") || "nothing";

const publicValue = ({ name, type, shape }: ValueProto): OnnxValue => ({
  name,
  dtype: dtypes.get(type) ?? "float32",
  shape: shape && [...shape],
});

/** A graph that is run: as it is, or with its states among its inputs and outputs. */
interface Run {
  readonly key: string;
  readonly graph: GraphProto;
  readonly states: readonly OnnxState[];
}

/** A model out of an ONNX file, on an engine. */
export class OnnxModel {
  /** What every run is fed. */
  readonly inputs: readonly OnnxValue[];
  /** What every run returns. */
  readonly outputs: readonly OnnxValue[];
  /** Which output is fed as which input at the next run; those not in the file have names of their own. */
  readonly states: readonly OnnxState[];
  /** How often the graph has each operator, by name; bodies within it left out. */
  readonly operators: ReadonlyMap<string, number>;
  /** What else the file says of itself. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The engine that it runs on. */
  readonly adapter: Adapter;
  readonly #whole: Run;
  readonly #stepping: Run;
  readonly #known: ReadonlySet<string>;
  readonly #programs = new KeptPrograms();
  readonly #opset: number;
  readonly #size: number;
  #disposed = false;

  /** @internal */
  constructor(
    model: ModelProto,
    size: number,
    adapter: Adapter,
    states: readonly OnnxState[] | undefined,
    knownInputs: ReadonlySet<string>,
  ) {
    const { graph, opset, metadata } = model;
    this.adapter = adapter;
    this.inputs = fedInputs(graph).map(publicValue);
    this.outputs = graph.outputs.map(publicValue);
    this.metadata = metadata;
    this.#opset = opset;
    this.#size = size;
    this.#known = knownInputs;
    const found = states ?? statesOf(model);
    this.#whole = { key: "run", graph, states: found };
    const inner =
      states === undefined && found.length === 0
        ? withStates(graph, new Set(Object.keys(elementwise())))
        : null;
    this.#stepping = inner ? { key: "step", ...inner } : this.#whole;
    this.states = this.#stepping.states;
    const operators = new Map<string, number>();
    for (const { op } of graph.nodes) operators.set(op, (operators.get(op) ?? 0) + 1);
    this.operators = operators;
  }

  /**
   * Runs the graph. What is made ready for tensors of these sizes is kept for the next ones of the same.
   *
   * @param feeds a tensor for every input; they are copied
   * @returns a tensor for every output
   * @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE for feeds that are not the inputs; UNROLL_UNSUPPORTED
   *   for sizes that follow from what is computed, and what the engine can't run; UNROLL_DISPOSED
   */
  run(feeds: OnnxTensors): Promise<Record<string, HostTensor>> {
    return this.#run(this.#whole, feeds);
  }

  /**
   * What the graph comes to for these feeds, as `run` runs it: what judges an engine derives from it how far
   * results may be off. Inputs of the program are `input.0`, ... in the order of the model's, outputs
   * `output.0`, ...
   *
   * @throws as `run`
   */
  programOf(feeds: OnnxTensors): ProgramOfTensors & { readonly feeds: OnnxTensors } {
    const { graph } = this.#whole;
    const values = fedInputs(graph);
    const given = feedsOf(values, feeds);
    return { ...this.#traced(graph, values, given), feeds: this.#fed(values, given) };
  }

  /**
   * Runs the graph on the next piece of a sequence, one step or several.
   *
   * @param feeds a tensor for every input that is no state
   * @param state what the last step returned, or `zeroState(batch)`
   * @throws as `run`; UNROLL_STATE for a state that is not this model's; UNROLL_UNSUPPORTED for a model
   *   without states
   */
  async step(feeds: OnnxTensors, state: OnnxTensors): Promise<OnnxStepped> {
    const { states } = this.#steps();
    for (const { input } of states)
      if (typeof state !== "object" || state === null || !Object.hasOwn(state, input))
        throw unrollError({
          code: "UNROLL_STATE",
          place: "onnx step",
          expected: `a state with ${quoted(states.map((one) => one.input))}`,
          got: `none for "${input}"`,
          cure: "pass the state that the last step returned, or zeroState(batch)",
        });
    const odd = Object.keys(state).find((name) => !states.some(({ input }) => input === name));
    if (odd !== undefined)
      throw unrollError({
        code: "UNROLL_STATE",
        place: "onnx step",
        expected: `a state with ${quoted(states.map((one) => one.input))}`,
        got: `"${odd}" too`,
        cure: "pass the state that the last step returned",
      });
    const twice = states.find(({ input }) => Object.hasOwn(feeds, input));
    if (twice)
      refuse(
        "onnx step",
        "states apart from what is fed",
        `"${twice.input}" among both`,
        "leave it out of the feeds",
      );
    const all = Object.create(null) as Record<string, HostTensor>;
    const results = await this.#run(this.#stepping, Object.assign(all, feeds, state));
    const [outputs, next] = [Object.create(null), Object.create(null)] as Record<string, HostTensor>[];
    for (const { input, output } of states) next![input] = results[output]!;
    // A state that the file itself puts out is an output too.
    const put = new Set(this.outputs.map(({ name }) => name));
    for (const [name, one] of Object.entries(results))
      if (put.has(name) && (this.#stepping !== this.#whole || !states.some(({ output }) => output === name)))
        outputs![name] = one;
    return { outputs: outputs!, state: next! };
  }

  /** States of zeros for `batch` rows. @throws UNROLL_ARGUMENT for no row; UNROLL_UNSUPPORTED */
  zeroState(batch: number): Record<string, HostTensor> {
    const { graph, states } = this.#steps();
    if (!Number.isInteger(batch) || batch < 1)
      refuse("onnx zeroState", "a batch of at least 1", String(batch), "it counts rows");
    const zeros = Object.create(null) as Record<string, HostTensor>;
    for (const { input } of states) {
      const { type, shape } = graph.inputs.find(({ name }) => name === input)!;
      if (shape === null)
        return refuse(`onnx state "${input}"`, "sizes in the file", "none", "make the first state by hand");
      const own = shape.map((dim) => (typeof dim === "number" ? dim : batch));
      const dtype = dtypes.get(type) ?? "float32";
      zeros[input] = tensor(allocate(dtype, sizeOf(own)), own, dtype);
    }
    return zeros;
  }

  /** Frees what the engine holds; runs that are under way end first. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#programs.clear();
  }

  #steps(): Run {
    if (this.#stepping.states.length > 0) return this.#stepping;
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: "onnx step",
      expected: "a model with states",
      got: "none that is recognised",
      cure: "name them: importOnnx(file, { states: [{ input, output }] })",
    });
  }

  async #run({ key, graph }: Run, given: OnnxTensors): Promise<Record<string, HostTensor>> {
    if (this.#disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: "onnx run",
        expected: "a model in use",
        got: "one after its dispose()",
        cure: "import it again",
      });
    const values = fedInputs(graph);
    const feeds = feedsOf(values, given);
    const form = feeds.map(({ dtype, shape, data }, k) => {
      const own = this.#known.has(values[k]!.name) ? Array.from(data).join() : "";
      return `${dtype}${shape.join()}=${own}`;
    });
    const make = async (): Promise<Prepared> => {
      const { program, weights } = this.#traced(graph, values, feeds);
      await this.adapter.start?.();
      return prepare(this.adapter, program, weights);
    };
    const named = this.#fed(values, feeds);
    return this.#programs.run(`${key} ${form.join(";")}`, make, async (program) => {
      const results = await program.run(named);
      const outputs = Object.create(null) as Record<string, HostTensor>;
      const read = graph.outputs.map(async ({ name }, k) => {
        const result = results[`output.${k}`]!;
        outputs[name] = await result.read();
        result.dispose();
      });
      // In the order of the graph, whichever is read first.
      for (const { name } of graph.outputs) outputs[name] = undefined as never;
      await Promise.all(read);
      return outputs;
    });
  }

  /** The graph as a program for tensors of these sizes. */
  #traced(graph: GraphProto, values: readonly ValueProto[], feeds: readonly HostTensor[]): ProgramOfTensors {
    const forms = this.#fed(values, feeds);
    const interpreter = new Interpreter(this.#opset, this.#size);
    return programOfTensors("onnx", forms, (tensors) => {
      const given = values.map(({ name }, k) => [name, tensors[`input.${k}`] ?? known(feeds[k]!)] as const);
      const results = interpreter.run(graph, given);
      return Object.fromEntries(results.map((one, k) => [`output.${k}`, one]));
    });
  }

  /** What a program is fed, under names of its own: names of a file may be any. */
  #fed(values: readonly ValueProto[], feeds: readonly HostTensor[]): Record<string, HostTensor> {
    return Object.fromEntries(
      feeds.flatMap((one, k) => (this.#known.has(values[k]!.name) ? [] : [[`input.${k}`, one] as const])),
    );
  }
}

/** What is fed, in the order of the inputs; copied, as it may change before an engine is ready. */
function feedsOf(values: readonly ValueProto[], given: OnnxTensors): HostTensor[] {
  const names = values.map(({ name }) => name);
  if (typeof given !== "object" || given === null)
    refuse("onnx run", "tensors by name", String(given), `feed ${quoted(names)}`);
  const odd = Object.keys(given).find((name) => !names.includes(name));
  if (odd !== undefined)
    refuse("onnx run", `feeds for ${quoted(names)}`, `"${odd}" too`, "remove it or mend its name");
  return values.map(({ name, type, shape }) => {
    const place = `onnx input "${name}"`;
    const feed = Object.hasOwn(given, name) ? given[name] : undefined;
    if (!isHostTensor(feed))
      return refuse(
        place,
        "a tensor",
        feed === undefined ? "none" : typeof feed,
        `feed ${quoted(names)}, e.g. tensor(values, shape)`,
      );
    const own = tensor(feed.data, feed.shape, feed.dtype);
    const dtype = dtypes.get(type);
    if (dtype !== undefined && own.dtype !== dtype)
      throw unrollError({
        code: "UNROLL_DTYPE",
        place,
        expected: dtype,
        got: own.dtype,
        cure: `tensor(values, shape, "${dtype}") makes it`,
      });
    const fits =
      shape === null ||
      (shape.length === own.shape.length &&
        shape.every((dim, k) => typeof dim !== "number" || dim === own.shape[k]));
    if (!fits || own.shape.includes(0))
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: `[${shape?.map((dim) => dim ?? "any").join(", ") ?? "..."}], no axis empty`,
        got: `[${own.shape.join(", ")}]`,
        cure: "feed the sizes that the file has",
      });
    return own;
  });
}

/** States and known inputs, as they were asked for. @throws UNROLL_ARGUMENT for other names */
function checked(
  { graph }: ModelProto,
  { states, known: list = [] }: ImportOnnxOptions,
): ReadonlySet<string> {
  const inputs = fedInputs(graph).map(({ name }) => name);
  const outputs = graph.outputs.map(({ name }) => name);
  const among = (place: string, names: readonly string[], name: unknown): void => {
    if (!names.includes(name as string))
      refuse(
        `importOnnx ${place}`,
        `one of ${quoted(names)}`,
        String(name),
        "see the names that unroll inspect prints",
      );
  };
  if (states !== undefined && !Array.isArray(states))
    refuse(
      "importOnnx states",
      "a list of { input, output }",
      typeof states,
      "leave it out for those that are recognised",
    );
  if (!Array.isArray(list))
    refuse("importOnnx known", "a list of names", typeof list, "leave it out for none");
  for (const one of states ?? []) {
    among("states", inputs, one?.input);
    among("states", outputs, one?.output);
  }
  for (const name of list) among("known", inputs, name);
  return new Set(list);
}

/**
 * Reads an ONNX file as a model that runs on any engine. Its graph becomes a program of the house's
 * primitives for each form of what it is fed; recurrent operators are those of specs. What follows from sizes
 * and constants alone is computed when a program is made.
 *
 * @throws UNROLL_FORMAT for a file that is no ONNX model, is damaged, or has its data in another file;
 *   UNROLL_UNSUPPORTED, once, with every operator, attribute and element type that is not supported;
 *   UNROLL_ARGUMENT for options that there are none of
 *
 * ```ts
 * const model = await importOnnx(await readFile("model.onnx"), { adapter: builtin() });
 * const { y } = await model.run({ x: tensor(samples, [1, 16, 3]) });
 * ```
 */
export async function importOnnx(source: FileSource, options: ImportOnnxOptions = {}): Promise<OnnxModel> {
  knownOptions("importOnnx", options, ["adapter", "states", "known", "progress"]);
  const { adapter = builtin(), states, progress } = options;
  const bytes = await bytesOf(source, progress);
  // A copy: the model is made into programs later, and nobody reads the caller's memory after this.
  const model = readModelProto(bytes.slice());
  const odd = unsupportedIn(model);
  if (odd.length > 0)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: "importOnnx",
      expected: "operators, attributes and types that are supported",
      got: `${odd.length} others: ${odd.join("; ")}`,
      cure: "export the model without them, or run it on ONNX Runtime itself; see docs/files.md",
      details: { unsupported: odd },
    });
  const knownInputs = checked(model, options);
  return new OnnxModel(model, bytes.length, adapter, states, knownInputs);
}
