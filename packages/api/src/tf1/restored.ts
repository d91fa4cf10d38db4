import { isRecord, kindOf } from "../contract/kind.js";
import { nearest } from "../contract/nearest.js";
import { taken } from "../contract/taken.js";
import { type HostTensor, isHostTensor } from "../contract/tensor.js";
import { type AnyTensor, toFloat32 } from "../formats/named-tensor.js";
import type { Graph, Tensor } from "./graph.js";
import { assertFlags, optionsOf } from "./options.js";
import { refuse } from "./refuse.js";
import { shownShape } from "./static-shapes.js";

/** Options of `restore`. */
export interface RestoreOptions {
  /** Whether names that the graph has no variable of are refused: an optimizer's, say. Default true. */
  readonly strict?: boolean;
}

/** What a checkpoint calls a variable: its tensor's name without `:0`. */
export const variableName = ({ name }: Tensor): string => name.replace(/:0$/, "");

/** What a graph's variables are given. */
export interface Restored {
  /** Copies of the numbers, by {@link variableName}. */
  readonly numbers: Map<string, HostTensor<"float32">>;
  /** Names that the graph has no variable of. */
  readonly unused: string[];
}

/** Numbers for each variable of a graph. @throws UNROLL_WEIGHTS listing whatever is wrong; UNROLL_DTYPE */
export function restored(
  graph: Graph,
  variables: Readonly<Record<string, AnyTensor>>,
  options: RestoreOptions,
): Restored {
  const place = "session.restore";
  if (!isRecord(variables) || isHostTensor(variables))
    refuse(place, "variables by name", kindOf(variables), "e.g. readSafetensors(bytes).tensors");
  const { strict = true } = optionsOf(place, options, ["strict"]);
  assertFlags(place, { strict });
  const given = new Map<string, AnyTensor>();
  for (const [key, one] of Object.entries(variables)) {
    const name = key.replace(/:0$/, "");
    if (given.has(name)) refuse(place, "each variable once", `${name} with :0 and without`, "leave one out");
    given.set(name, one);
  }
  const wanted = new Map([...graph.variables.values()].map((one) => [variableName(one), one.shape]));
  const missing = [...wanted.keys()].filter((name) => !given.has(name));
  const unused = [...given.keys()].filter((name) => !wanted.has(name));
  const numbers = new Map<string, HostTensor<"float32">>();
  const shapes: string[] = [];
  for (const [name, shape] of wanted) {
    if (!given.has(name)) continue;
    const one: unknown = given.get(name);
    if (typeof one !== "object" || one === null)
      refuse(`${place} "${name}"`, "a tensor", kindOf(one), "make it with tensor(data, shape)");
    const value = toFloat32(one as AnyTensor, `${place} "${name}"`);
    if (value.shape.join() !== shape.join())
      shapes.push(`${name} is ${shownShape(value.shape)}, not ${shownShape(shape)}`);
    numbers.set(name, taken(value) as HostTensor<"float32">);
  }
  const unexpected = strict ? unused : [];
  if (missing.length + unexpected.length + shapes.length > 0) {
    const near =
      missing[0] === undefined || unused.length === 0 ? "" : ` (nearest: ${nearest(missing[0], unused)})`;
    const parts = [
      ...(missing.length > 0 ? [`missing ${missing.join(", ")}${near}`] : []),
      ...(unexpected.length > 0 ? [`unexpected ${unexpected.join(", ")}`] : []),
      ...shapes,
    ];
    const counts = [
      `${missing.length} missing`,
      `${unexpected.length} unexpected`,
      `${shapes.length} mis-shaped`,
    ].join(", ");
    refuse(
      place,
      `${wanted.size} variables`,
      `${counts}: ${parts.join("; ")}`,
      "build the graph before, in the script's scopes; { strict: false } leaves out an optimizer's",
      "UNROLL_WEIGHTS",
    );
  }
  return { numbers, unused };
}
