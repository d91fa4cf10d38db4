import { boundedSize } from "../contract/limits.js";
import { shown } from "../contract/shown.js";
import { getDefaultGraph, type Tensor } from "./graph.js";
import { optionsOf } from "./options.js";
import { builtAtOnce, refuse } from "./refuse.js";
import { AUTO_REUSE, type Entry, type Reuse, type VariableScope } from "./variable-scopes.js";

/** Options of {@link variableScope}. */
export interface VariableScopeOptions {
  /** Whether variables that are there are used again. Default: as the scope around. */
  readonly reuse?: Reuse | null;
  /** Where the name is null: a name that is made unique, as `rnn`, `rnn_1`. */
  readonly defaultName?: string;
  /** Without effect: weights are restored. */
  readonly initializer?: unknown;
  /** Without effect: training only. */
  readonly regularizer?: unknown;
  /** Only float32. */
  readonly dtype?: "float32";
}

/** Options of {@link getVariable}. */
export interface VariableOptions {
  /** Only float32. */
  readonly dtype?: "float32";
  /** Without effect: weights are restored. */
  readonly initializer?: unknown;
  /** Without effect: training only. */
  readonly regularizer?: unknown;
  /** Without effect: training only. */
  readonly trainable?: boolean;
  /** Without effect: training only. */
  readonly collections?: readonly string[];
  /** Without effect: training only. */
  readonly constraint?: unknown;
}

/** Refuses all but float32. @throws UNROLL_DTYPE */
export function assertFloat(place: string, dtype: unknown): void {
  if (dtype !== undefined && dtype !== "float32")
    refuse(place, "float32", shown(dtype), "variables and states are float32 here", "UNROLL_DTYPE");
}

/**
 * Names variables within a scope: TensorFlow's `with tf.variable_scope(name):`, with the block as a function.
 *
 * ```ts
 * const output = variableScope("Model", { reuse: false }, () => getVariable("embedding", [50, 20]));
 * ```
 *
 * @param name a name within the scope around; a scope, which is entered again; or null with `defaultName`
 * @param options or the function, where there are none
 * @param build makes what is in the scope, whose it is given
 * @returns what `build` returns
 * @throws UNROLL_ARGUMENT for no name, options that there are none of, and an async function
 */
export function variableScope<T>(
  name: string | VariableScope | null,
  options: VariableScopeOptions | ((scope: VariableScope) => T),
  build?: (scope: VariableScope) => T,
): T {
  const place = "variableScope";
  const within = typeof options === "function" ? options : build;
  const given: VariableScopeOptions = typeof options === "function" ? {} : options;
  if (typeof within !== "function")
    refuse(place, "a function that builds what is in the scope", shown(build), "e.g. () => getVariable(...)");
  optionsOf(place, given, ["reuse", "defaultName", "initializer", "regularizer", "dtype"]);
  assertFloat(`${place} dtype`, given.dtype);
  const { reuse, defaultName } = given;
  if (![undefined, null, true, false, AUTO_REUSE].includes(reuse))
    refuse(`${place} reuse`, "true, false or AUTO_REUSE", shown(reuse), "or leave it out");
  const entry: Entry = {
    scope: name,
    ...(reuse !== undefined && { reuse }),
    ...(defaultName !== undefined && { defaultName }),
  };
  return getDefaultGraph().scopes.within(entry, (scope) => builtAtOnce(place, within, scope));
}

/** The scope that variables are named in. */
export const getVariableScope = (): VariableScope => getDefaultGraph().scopes.current;

/**
 * A variable of the scope, made, or shared where the scope says so. It has the numbers that
 * `session.restore` gives.
 *
 * @throws UNROLL_ARGUMENT where it is there and the scope does not reuse it, or it is not and the scope does;
 *   UNROLL_SHAPE for sizes that are not known, or others than it has
 */
export function getVariable(
  name: string,
  shape: readonly (number | null)[],
  options: VariableOptions = {},
): Tensor {
  const graph = getDefaultGraph();
  const scope = graph.scopes.current;
  const full = scope.name === "" ? name : `${scope.name}/${name}`;
  const place = `variable "${full}"`;
  if (typeof name !== "string" || name === "") refuse("getVariable", "a name", shown(name), 'e.g. "kernel"');
  const known = ["dtype", "initializer", "regularizer", "trainable", "collections", "constraint"] as const;
  optionsOf(place, options, known);
  assertFloat(`${place} dtype`, options.dtype);
  const sizes = Array.isArray(shape) ? (shape as readonly number[]) : [-1];
  if (boundedSize(sizes) < 1)
    refuse(
      place,
      "a shape of sizes that are known",
      shown(shape),
      "give its input a last axis of a known size",
      "UNROLL_SHAPE",
    );
  const there = graph.variables.get(full);
  if (there) {
    if (scope.reuse === false)
      refuse(place, "a new name", "one that is there", "use another scope, or reuse: true to share it");
    if (there.shape.join() !== sizes.join())
      refuse(
        place,
        `[${there.shape.join(", ")}], which it has`,
        `[${sizes.join(", ")}]`,
        "share it as it is",
        "UNROLL_SHAPE",
      );
    return there;
  }
  if (scope.reuse === true)
    refuse(
      place,
      "one that is there, as the scope reuses",
      "none",
      "make it first, or use reuse: AUTO_REUSE",
    );
  const own: Tensor[] = [];
  const weight = { name: full, dtype: "float32" as const, shape: [...sizes], variables: own };
  const [made] = graph.add(
    "Variable",
    name,
    {
      inputs: [],
      weights: [{ ...weight, valueOf: (read) => read(own[0]!) }],
      build: (_b, _inputs, weights) => weights,
    },
    [{ dtype: "float32", shape: [...sizes] }],
  ) as [Tensor];
  own.push(made);
  graph.variables.set(full, made);
  return made;
}

/** Every variable of the default graph, in the order in which they were made. */
export const globalVariables = (): Tensor[] => [...getDefaultGraph().variables.values()];
