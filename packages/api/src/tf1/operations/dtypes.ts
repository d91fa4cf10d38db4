import { shown } from "../../contract/shown.js";
import type { DType } from "../../contract/tensor.js";
import { refuse } from "../refuse.js";

/** TensorFlow's names of element types; whole numbers are of 32 bits here, whichever they are called. */
export type TypeName = "float32" | "int32" | "int64" | "bool";

/** `tf.float32`. */
export const float32 = "float32";
/** `tf.int32`. */
export const int32 = "int32";
/** `tf.int64`: whole numbers, of 32 bits here. */
export const int64 = "int64";
/** `tf.bool`. */
export const bool = "bool";

const dtypes: Readonly<Record<TypeName, DType>> = {
  float32: "float32",
  int32: "int32",
  int64: "int32",
  bool: "bool",
};

/** @internal The dtype of a name. @throws UNROLL_DTYPE */
export function dtypeOf(place: string, name: unknown): DType {
  if (typeof name === "string" && Object.hasOwn(dtypes, name)) return dtypes[name as TypeName];
  return refuse(
    place,
    `a dtype of ${Object.keys(dtypes).join(", ")}`,
    shown(name),
    "e.g. float32",
    "UNROLL_DTYPE",
  );
}
