import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { Attrs, ValueType } from "../contract/program.js";
import { attrKinds, type Primitive } from "./primitives/primitive.js";

/**
 * The type of a primitive's result, after a check that operands and attributes are those its record has.
 *
 * @throws UNROLL_PROGRAM for a number of operands or an attribute that it does not have; what its inference
 *   throws
 */
export function typeOf(
  place: string,
  primitive: Primitive,
  operands: readonly ValueType[],
  attrs: Attrs,
): ValueType {
  const many = primitive.operands[0]?.endsWith("...") ?? false;
  if (many ? operands.length < 1 : operands.length !== primitive.operands.length)
    refuse(
      place,
      `operands ${primitive.operands.join(", ") || "none"}`,
      `${operands.length}`,
      "give each one",
    );
  for (const [name, kind] of Object.entries(primitive.attrs)) {
    if (!Object.hasOwn(attrs, name))
      refuse(place, `attribute "${name}"`, "none", "primitives have no defaults");
    const [expected, fits] = attrKinds[kind];
    if (!fits(attrs[name]!))
      refuse(place, `${name} to be ${expected}`, shown(attrs[name]), "see the primitive's record");
  }
  const extra = Object.keys(attrs).find((name) => !Object.hasOwn(primitive.attrs, name));
  if (extra !== undefined)
    refuse(
      place,
      `attributes ${Object.keys(primitive.attrs).join(", ") || "none"}`,
      `"${extra}" too`,
      "remove it: nothing would honour it",
    );
  return primitive.infer(operands, attrs, place);
}

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_PROGRAM", place, expected, got, cure });
}
