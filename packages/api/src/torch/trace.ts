import { unrollError } from "../contract/error.js";
import { type HostTensor, isHostTensor } from "../contract/tensor.js";
import type { Spec, ValueRef } from "../specification/types.js";
import { isPlain, type NamedObject, signatureOfPlain, unwritten } from "./attributes.js";
import { Graph, recording } from "./graph.js";
import { PackedSequence } from "./packed.js";
import { Argument, type ArgumentPath, SymbolicState, SymbolicTensor } from "./symbolic.js";
import { Tensor } from "./tensor/tensor.js";

/** What describes itself in `forward`: a module. */
export interface Describing {
  forward(...inputs: never[]): unknown;
}

/** What `forward` described. */
export interface Traced {
  readonly graph: Graph;
  readonly spec: Spec;
  /** What `forward` returned: symbolic values in whatever structure it made. */
  readonly result: unknown;
}

const absent = (value: unknown): value is null | undefined => value === null || value === undefined;

/** A tuple of tensors, as opposed to an array of numbers such as lengths. */
const isTuple = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.some((item) => typeof item === "object" || item === undefined);

/** Which arguments are given and in what structure: all that `forward` can depend on. */
export function signatureOf(value: unknown): string {
  if (absent(value)) return "-";
  if (isPlain(value)) return signatureOfPlain(value);
  if (value instanceof PackedSequence) return "P";
  return isTuple(value) ? `[${value.map(signatureOf).join()}]` : "T";
}

/** The same with the size of every last axis, which some graphs also depend on. */
export function sizesOf(value: unknown): string {
  if (isHostTensor(value)) return `T${value.shape.at(-1) ?? ""}`;
  if (value instanceof PackedSequence) return `P${value.data.shape.at(-1) ?? ""}`;
  return isTuple(value) ? `[${value.map(sizesOf).join()}]` : signatureOf(value);
}

/** The same with every size, and with what stands for sizes: where rows end. */
export function shapesOf(value: unknown): string {
  if (isHostTensor(value)) return `${value.dtype}${value.shape.join()}`;
  if (value instanceof PackedSequence) return `P${value.data.shape.join()}:${value.lengths.join()}`;
  // Lengths as a typed array are numbers that sizes follow from.
  if (ArrayBuffer.isView(value)) return `V${Array.from(value as Int32Array).join()}`;
  return Array.isArray(value) ? `[${value.map(shapesOf).join(";")}]` : signatureOf(value);
}

/** The value at a path of the arguments; undefined where there is none. */
export function valueAt(values: readonly unknown[], path: ArgumentPath): unknown {
  return path.reduce<unknown>(
    (value, position) => (Array.isArray(value) ? (value as unknown[])[position] : undefined),
    values,
  );
}

/** A given tuple with an absent item becomes a tuple of arguments, so that `forward` sees what is absent. */
function argumentFor(graph: Graph, path: ArgumentPath, value: unknown): unknown {
  if (absent(value)) return undefined;
  if (typeof value === "function")
    graph.refuse(
      "UNROLL_ARGUMENT",
      `argument ${path.join(".")}`,
      "tensors, numbers, texts or flags",
      "a function",
      "keep it in an attribute of the module",
    );
  if (isPlain(value)) return value;
  if (isTuple(value) && value.some(absent))
    return value.map((item, k) => argumentFor(graph, [...path, k], item));
  const items = isTuple(value) ? value.length : isHostTensor(value) ? 0 : null;
  return new Argument(graph, path, value instanceof PackedSequence, items);
}

/** Values of the result that the spec must return. */
function tensorsOf(graph: Graph, result: unknown): SymbolicTensor[] {
  if (result instanceof SymbolicTensor) return [result];
  if (result instanceof Tensor && !(result instanceof SymbolicState))
    graph.beyond("forward", "tensors of the model", "one with values", "a spec returns what it computes");
  if (typeof result !== "object" || result === null || result instanceof SymbolicState) return [];
  return Object.values(result).flatMap((one) => tensorsOf(graph, one));
}

function statesOf(result: unknown): SymbolicState[] {
  if (result instanceof SymbolicState) return [result];
  if (typeof result !== "object" || result === null || result instanceof SymbolicTensor) return [];
  return Object.values(result).flatMap(statesOf);
}

/** A symbolic tensor of the result, as a reference into the spec. */
export function refOf(graph: Graph, value: SymbolicTensor): ValueRef {
  return value instanceof Argument
    ? graph.use("result", value, { dtype: "float32", features: null })
    : value.ref!;
}

/**
 * `trace` of a model that is kept: `forward` runs a second time, and has to describe the same. What it keeps
 * from run to run, or draws, would be frozen in the model.
 */
export function traceToKeep(...given: Parameters<typeof trace>): Traced {
  const first = trace(...given);
  if (JSON.stringify(trace(...given).spec) !== JSON.stringify(first.spec))
    first.graph.refuse(
      "UNROLL_UNSUPPORTED",
      "forward",
      "the same description each time",
      "another one the second time",
      "it runs once for all later runs; pass what changes as an argument",
    );
  return first;
}

/** Refuses a promise, which an async forward returns. @throws UNROLL_ARGUMENT */
export function noPromise(name: string, result: unknown): void {
  if (!(result instanceof Promise)) return;
  // What it comes to is of no use, and must not end the process.
  result.catch(() => undefined);
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: `${name} forward`,
    expected: "a description",
    got: "a promise",
    cure: "forward describes, so use call() in it rather than await run()",
  });
}

/**
 * Runs `forward` over symbolic tensors.
 *
 * @param values arguments as given to `run`; null to describe the module with every argument present
 * @param name what errors call it
 */
export function trace(
  module: Describing,
  values: readonly unknown[] | null,
  modules: readonly NamedObject[],
  name: string = module.constructor.name,
): Traced {
  const paths = new Map<object, string>();
  for (const [path, one] of modules) if (!paths.has(one)) paths.set(one, path);
  const example = (path: ArgumentPath): HostTensor | null => {
    const value = valueAt(values ?? [], path);
    return value instanceof PackedSequence ? value.data : isHostTensor(value) ? value : null;
  };
  const graph = new Graph(name, paths, example);
  const given = values ?? Array.from({ length: module.forward.length });
  const inputs = given.map((value, k) =>
    values ? argumentFor(graph, [k], value) : new Argument(graph, [k], false),
  );
  const result = unwritten(
    modules,
    () => recording(graph, () => module.forward(...(inputs as never[]))),
    (got, cure) => graph.refuse("UNROLL_UNSUPPORTED", "forward", "no attribute to be written", got, cure),
  );
  noPromise(graph.name, result);
  const refs = [...new Set(tensorsOf(graph, result).map((value) => refOf(graph, value)))];
  const states = statesOf(result);
  if (refs.length + states.length === 0)
    graph.refuse(
      "UNROLL_ARGUMENT",
      "forward",
      "tensors or states to be returned",
      String(result),
      "return what run is to compute",
    );
  const slot = states[0]?.slots[0];
  return { graph, result, spec: graph.finish(refs.length > 0 ? refs : [`${slot!.layer}.${slot!.part}`]) };
}
