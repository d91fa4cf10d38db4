import type { DType } from "../../contract/tensor.js";
import type { Block, Value } from "../../program/builder.js";
import { refuse } from "../refuse.js";
import { getDefaultGraph, type OperationParts, type StaticShape, type Tensor } from "../graph.js";

/** @internal Appends an operation to the graph. */
export const operation = (
  type: string,
  parts: OperationParts,
  results: readonly { readonly dtype: DType; readonly shape: StaticShape }[],
  name = type,
): Tensor[] => (parts.inputs[0]?.graph ?? getDefaultGraph()).add(type, name, parts, results);

/** @internal Appends an operation of one result. */
export const one = (
  type: string,
  inputs: readonly Tensor[],
  dtype: DType,
  shape: StaticShape,
  build: (b: Block, values: readonly Value[]) => Value,
): Tensor => operation(type, { inputs, build: (b, values) => [build(b, values)] }, [{ dtype, shape }])[0]!;

/** Sizes of a value, all of which are known when it is built. */
export const sizesOf = (value: Value): readonly number[] => value.type.shape as readonly number[];

/** Refuses tensors of another dtype than an operation has, or of several. @throws UNROLL_DTYPE */
export function assertDType(place: string, tensors: readonly Tensor[], allowed: readonly DType[]): void {
  const off = tensors.find(({ dtype }) => !allowed.includes(dtype) || dtype !== tensors[0]!.dtype);
  if (off)
    refuse(
      place,
      `${allowed.join(" or ")}${tensors.length > 1 ? ", all of one dtype" : ""}`,
      tensors.map(({ dtype }) => dtype).join(" and "),
      "cast(x, dtype) before",
      "UNROLL_DTYPE",
    );
}
