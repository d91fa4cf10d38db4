import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { boundedSize } from "../contract/limits.js";
import { shown } from "../contract/shown.js";
import type { DType, HostTensor } from "../contract/tensor.js";
import { fromBase64, toBase64 } from "./base64.js";
import { type PartJson, State as LiveState, type StateJson } from "./state.js";

/** How a saved state is read. */
export interface SavedStateOptions {
  /**
   * Whether a model of another spec may take it, where shapes fit: after a change of the spec that means to
   * keep its states. Default false: such a model refuses it.
   */
  readonly anySpec?: boolean;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refuse(where: string, expected: string, got: unknown, cure: string): never {
  throw unrollError({
    code: "UNROLL_FORMAT",
    place: `State.fromJSON${where}`,
    expected,
    got: typeof got === "string" ? got : shown(got),
    cure,
  });
}

/** A state from what `toJSON` gave. */
function fromJSON(json: StateJson, options: SavedStateOptions = {}): LiveState {
  knownOptions("State.fromJSON", options, ["anySpec"]);
  const { format, version, model, parts } = (isObject(json) ? json : {}) as Partial<StateJson>;
  const whole = format === "unroll.state" && version === 1 && isObject(parts);
  if (!whole || (model !== undefined && typeof model !== "string"))
    refuse("", 'format "unroll.state", version 1', shown(json), "pass what toJSON() returned");
  const plain = mapped(parts, (own, layer) => {
    if (!isObject(own)) refuse(` layer "${layer}"`, "an object of parts", own, "the text was cut or changed");
    return mapped(own, (part, name) => decoded(` part "${layer}.${name}"`, part));
  });
  return LiveState.fromTypedArrays(plain, options.anySpec === true ? undefined : model);
}

// Object.fromEntries defines what it is given, whatever it is called; assignment would not.
const mapped = <T, R>(
  of: Readonly<Record<string, T>>,
  make: (value: T, name: string) => R,
): Record<string, R> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value, name)]));

function decoded(where: string, part: unknown): HostTensor {
  const { dtype = "float32", shape, data } = (isObject(part) ? part : {}) as Partial<Record<string, unknown>>;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool")
    refuse(where, "dtype float32, int32 or bool", dtype, "the text was changed");
  const size = boundedSize(shape as readonly number[]);
  if (size < 0) refuse(where, "a shape of whole numbers", shape, "the text was changed");
  const array = fromBase64(data, dtype as DType);
  if (array?.length !== size)
    refuse(
      where,
      `${(shape as readonly number[]).join(" x ")} ${dtype} values in base64`,
      array === null ? "another text" : `${array.length}`,
      "the text was cut or changed",
    );
  return { dtype, shape: shape as readonly number[], data: array };
}

/** Writing states as JSON: a part of a kit. */
export const savedStates = ({ dtype, shape, data }: HostTensor): PartJson =>
  dtype === "float32" ? { shape, data: toBase64(data) } : { dtype, shape, data: toBase64(data) };

export type State = LiveState;

/**
 * The state of a recurrent model between two runs; see the methods of what it makes.
 *
 * The class that models use, with what reads files: apart, so that pages that read none don't load it.
 */
export const State = /* @__PURE__ */ Object.assign(LiveState, {
  /**
   * A state from what `toJSON` gave; one that was saved before states said of which model they are is taken
   * by any.
   *
   * @throws UNROLL_FORMAT for anything else
   */
  fromJSON,
  encoded: savedStates,
});
