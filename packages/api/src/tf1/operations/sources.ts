import { kindOf } from "../../contract/kind.js";
import { boundedSize } from "../../contract/limits.js";
import { shown } from "../../contract/shown.js";
import { taken } from "../../contract/taken.js";
import { type HostTensor, isHostTensor, type Nested, tensor } from "../../contract/tensor.js";
import { Tensor } from "../graph.js";
import { refuse } from "../refuse.js";
import { refuseShape } from "../static-shapes.js";
import { dtypeOf, type TypeName } from "./dtypes.js";
import { operation } from "./operation.js";

/** A tensor, or numbers that become one. */
export type TensorLike = Tensor | HostTensor | Nested;

/** @internal A tensor of what may be numbers. @throws UNROLL_ARGUMENT */
export const asTensor = (value: TensorLike, dtype: TypeName = "float32"): Tensor =>
  value instanceof Tensor ? value : constant(value, dtype);

/**
 * What a run is fed: `tf.placeholder`.
 *
 * @param shape sizes of its axes; null where a run chooses. An axis of features needs its size.
 * @throws UNROLL_DTYPE, UNROLL_SHAPE; UNROLL_UNSUPPORTED without a shape
 */
export function placeholder(
  dtype: TypeName,
  shape?: readonly (number | null)[],
  name = "Placeholder",
): Tensor {
  const place = `placeholder "${name}"`;
  if (!Array.isArray(shape))
    refuse(
      place,
      "a shape",
      kindOf(shape),
      "give null for each axis that a run chooses",
      "UNROLL_UNSUPPORTED",
    );
  const sizes = shape as readonly (number | null)[];
  if (boundedSize(sizes.map((size) => size ?? 1)) < 1)
    refuseShape(place, "sizes of at least 1, or null", shown(sizes), "null is TensorFlow's None");
  return operation(
    "Placeholder",
    { inputs: [] },
    [{ dtype: dtypeOf(place, dtype), shape: [...sizes] }],
    name,
  )[0]!;
}

/** Numbers of the graph: `tf.constant`. @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE */
export function constant(value: HostTensor | Nested, dtype: TypeName = "float32"): Tensor {
  const wanted = dtypeOf("constant", dtype);
  const held = isHostTensor(value) ? taken(value) : tensor(value, undefined, wanted);
  const weight = {
    name: "constant",
    dtype: held.dtype,
    shape: held.shape,
    variables: [],
    valueOf: () => held,
  };
  return operation("Const", { inputs: [], weights: [weight], build: (_b, _inputs, weights) => weights }, [
    held,
  ])[0]!;
}
