import { unrollError } from "../../contract/error.js";
import { shown } from "../../contract/shown.js";
import type { DType } from "../../contract/tensor.js";

/** Names of dtypes, PyTorch's too. Whole numbers have 32 bits here, and what does not fit is refused. */
export const dtypes = {
  float32: "float32",
  float: "float32",
  int32: "int32",
  int: "int32",
  int64: "int32",
  long: "int32",
  bool: "bool",
} as const satisfies Record<string, DType>;

/** Name of a dtype. */
export type DTypeName = keyof typeof dtypes;

/** A dtype by any of its names. @throws UNROLL_DTYPE */
export function dtypeOf(place: string, name: unknown): DType {
  if (typeof name === "string" && Object.hasOwn(dtypes, name)) return dtypes[name as DTypeName];
  throw unrollError({
    code: "UNROLL_DTYPE",
    place,
    expected: Object.keys(dtypes).join(", "),
    got: shown(name),
    cure: "other dtypes are not there; float64 is computed as float32 if you cast it",
  });
}
