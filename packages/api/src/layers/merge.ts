import { lengths } from "../program/primitives/lengths.js";
import type { Block, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import type { ValueInfo } from "./value-info.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** At least two values of one time axis. */
  inputs: { kind: "values", least: 2 },
  /** `concat` joins the last axis; the others work elementwise, `sub` on two values. */
  mode: { kind: "oneOf", of: ["concat", "sum", "ave", "mul", "sub", "max", "min"] },
} as const satisfies Fields;

/** Several values made one. */
export interface MergeSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "merge";
}

/** Joins values of one form. */
export function mergeValues(b: Block, mode: MergeSpec["mode"], values: readonly Value[]): Value {
  switch (mode) {
    case "concat":
      return b.concat(values, values[0]!.type.shape.length - 1);
    case "sum":
      return values.reduce((a, c) => b.add(a, c));
    case "ave":
      return b.div(
        values.reduce((a, c) => b.add(a, c)),
        b.constant(values.length),
      );
    case "mul":
      return values.reduce((a, c) => b.mul(a, c));
    case "sub":
      return b.sub(values[0]!, values[1]!);
    case "max":
      return values.reduce((a, c) => b.max(a, c));
    case "min":
      return values.reduce((a, c) => b.min(a, c));
    default:
      return mode satisfies never;
  }
}

/**
 * Several values made one.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const merge = (options: OptionsOf<typeof fields>): MergeSpec => layerOf(mergeDefinition, options);

/** Definition of the merge layer, for a kit of `@unroll/api/core`. */
export const mergeDefinition = {
  type: "merge",
  fields,
  primitives: lengths,
  wire({ inputs, mode }, wiring) {
    const joins = mode === "concat";
    const form = ({ axis, shape }: ValueInfo): string =>
      `${axis === null ? "" : `${axis} `}[${(joins ? shape.slice(0, -1) : shape).join(", ")}]`;
    const infos = inputs.map((ref, k) => wiring.read(ref, `inputs[${k}]`));
    if (joins && infos[0]!.shape.length === 0)
      wiring.refuse(
        "mode",
        "sum or another of each element, as single numbers have no axis to join",
        mode,
        "stack makes one",
      );
    if (mode === "sub" && inputs.length !== 2)
      wiring.refuse("inputs", "two values", inputs, "sub takes the second from the first");
    if (infos.some((info) => info.dtype !== "float32" || form(info) !== form(infos[0]!)))
      wiring.refuse(
        "inputs",
        "float32 values of one form",
        infos.map(form),
        `${mode} needs one time axis and equal shapes${joins ? " but for the last axis" : ""}`,
      );
  },
  values({ inputs, mode }, around) {
    const infos = inputs.map((ref) => around.value(ref));
    const [first] = infos as [ValueInfo];
    if (mode !== "concat") return [["", first]];
    const joined = infos.reduce((sum, { shape }) => sum + shape[shape.length - 1]!, 0);
    return [["", { ...first, shape: [...first.shape.slice(0, -1), joined] }]];
  },
  lower: ({ inputs, mode }, { b, read }) => only(mergeValues(b, mode, inputs.map(read))),
} as const satisfies LayerDefinition<MergeSpec>;
