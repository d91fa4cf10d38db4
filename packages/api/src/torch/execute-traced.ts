import type { Adapter } from "../contract/adapter.js";
import type { DeviceTensor, HostTensor } from "../contract/tensor.js";
import { kindOf } from "../contract/kind.js";
import { isHostTensor } from "../contract/tensor.js";
import { prepare, type Prepared } from "../program/prepare.js";
import { isPlain, type NamedObject, unwritten } from "./attributes.js";
import { PackedSequence } from "./packed.js";
import { recorded } from "./tensor/dispatch.js";
import { EagerTensor, Tensor } from "./tensor/tensor.js";
import { type Captured, Tracer } from "./tracer.js";
import { noPromise } from "./trace.js";
import type { Program } from "../contract/program.js";
import { recording } from "./graph.js";

/** What `forward` does, as one program for arguments of these sizes. */
export interface TracedProgram {
  /** Its inputs are the arguments, and what it captured. */
  readonly program: Program;
  /** Values of its params. */
  readonly weights: Readonly<Record<string, HostTensor>>;
  /** Tensors that were there before, fed at every run as they then are. */
  readonly captured: readonly Captured[];
  /** Arguments whose values it depends on: others are another trace. */
  readonly fixed: readonly string[];
  /** What `forward` returned, with a number in the place of each tensor. */
  readonly result: unknown;
}

/** Where a tensor of the result stands among the program's outputs. */
class Output {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

interface Describing {
  forward(...inputs: never[]): unknown;
}

/** Arguments whose tensors are those of a trace. */
function argumentsOf(tracer: Tracer, value: unknown, path: string): unknown {
  if (isHostTensor(value)) return tracer.input(path, value);
  if (value instanceof PackedSequence)
    return new PackedSequence(tracer.input(path, value.data), value.lengths);
  if (Array.isArray(value)) return value.map((one, k) => argumentsOf(tracer, one, `${path}.${k}`));
  if (isPlain(value) || value === undefined || value === null || ArrayBuffer.isView(value)) return value;
  return tracer.refuse(
    `${path} ${kindOf(value)}`,
    "pass its tensors and numbers one by one, or in a list",
    "tensors, numbers, texts, flags, and lists of them",
  );
}

function traceOnce(
  module: Describing,
  given: readonly unknown[],
  modules: readonly NamedObject[],
): { tracer: Tracer; traced: TracedProgram } {
  const { name } = module.constructor;
  const tracer = new Tracer(name);
  const inputs = given.map((value, k) =>
    value === null ? undefined : argumentsOf(tracer, value, `argument.${k}`),
  );
  const outcome = unwritten(
    modules,
    () => recording(null, () => recorded(tracer, () => module.forward(...(inputs as never[])))),
    (got, cure) => tracer.refuse(got, cure, "no attribute to be written"),
  );
  noPromise(name, outcome);
  let count = 0;
  const marked = (value: unknown): unknown => {
    if (value instanceof Tensor) {
      tracer.output(`result.${count}`, value);
      return new Output(count++);
    }
    if (value instanceof PackedSequence)
      return new PackedSequence(marked(value.data) as never, value.lengths);
    if (Array.isArray(value)) return value.map(marked);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, marked(one)]));
    return value;
  };
  const result = marked(outcome);
  if (count === 0) tracer.refuse(String(outcome), "return the tensors that run is to compute");
  const { weights, captured } = tracer;
  const fixed = [...tracer.fixedNames];
  return { tracer, traced: { program: tracer.finish(), weights, captured, fixed, result } };
}

/** Numbers that a trace holds, told from all others. */
const heldIn = ({ program, weights }: TracedProgram): string =>
  JSON.stringify([
    program.nodes,
    program.outputs,
    Object.entries(weights)
      .filter(([name]) => name.startsWith("given."))
      .map(([name, { data }]) => [name, ...data]),
  ]);

/**
 * Traces `forward` operation by operation, twice, as what it draws or keeps from run to run would be frozen.
 *
 * @param given plain tensors, packed sequences, tuples of them, numbers, texts and flags
 * @throws UNROLL_UNSUPPORTED for what a trace can't hold
 */
export function traceProgram(
  module: Describing,
  given: readonly unknown[],
  modules: readonly NamedObject[],
): TracedProgram {
  const { tracer, traced } = traceOnce(module, given, modules);
  if (heldIn(traceOnce(module, given, modules).traced) !== heldIn(traced))
    tracer.refuse(
      "others the second time",
      "it runs once for all later runs; pass what changes as an argument, or call() the module",
    );
  return traced;
}

/** Values of arguments by the names that a trace has for them, as a text. */
export function valuesOf(given: readonly unknown[], names: readonly string[]): string {
  return names
    .map((name) => {
      const path = name.split(".").slice(1).map(Number);
      const value = path.reduce<unknown>((of, k) => (of as unknown[])[k], given) as HostTensor;
      return Array.from(value.data).join();
    })
    .join(";");
}

/** A traced module on an engine. */
export class TracedModel {
  readonly #traced: TracedProgram;
  readonly #prepared: Prepared;

  private constructor(traced: TracedProgram, prepared: Prepared) {
    this.#traced = traced;
    this.#prepared = prepared;
  }

  static async on(adapter: Adapter, traced: TracedProgram): Promise<TracedModel> {
    await adapter.start?.();
    return new TracedModel(traced, await prepare(adapter, traced.program, traced.weights));
  }

  /** Runs once and gives values in the structure that `forward` returned. */
  async run(given: readonly unknown[]): Promise<unknown> {
    const feeds: Record<string, HostTensor> = {};
    const feed = (value: unknown, path: string): void => {
      if (isHostTensor(value)) feeds[path] = value;
      else if (value instanceof PackedSequence) feeds[path] = value.data;
      else if (Array.isArray(value)) value.forEach((one, k) => feed(one, `${path}.${k}`));
    };
    given.forEach((value, k) => feed(value, `argument.${k}`));
    for (const { name, tensor } of this.#traced.captured) feeds[name] = tensor;
    const results = await this.#prepared.run(feeds);
    const read = async (one: DeviceTensor): Promise<Tensor> => {
      const value = await one.read();
      one.dispose();
      return EagerTensor.of(value);
    };
    const values = await Promise.all(
      Object.entries(results).map(([name, one]) => read(one).then((value) => [name, value] as const)),
    );
    const byName = new Map(values);
    const filled = (value: unknown): unknown => {
      if (value instanceof Output) return byName.get(`result.${value.number}`);
      if (value instanceof PackedSequence)
        return new PackedSequence(filled(value.data) as HostTensor, value.lengths);
      if (Array.isArray(value)) return value.map(filled);
      if (typeof value === "object" && value !== null)
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
      return value;
    };
    return filled(this.#traced.result);
  }

  dispose(): void {
    this.#prepared.dispose();
  }
}
