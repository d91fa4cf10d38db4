import { kindOf } from "../../contract/kind.js";
import { boundedSize } from "../../contract/limits.js";
import { shown } from "../../contract/shown.js";
import { taken } from "../../contract/taken.js";
import { allocate, type HostTensor, isHostTensor, type Nested, tensor } from "../../contract/tensor.js";
import { Tensor } from "../graph.js";
import { refuse } from "../refuse.js";
import { refuseShape } from "../static-shapes.js";
import { dtypeOf, type TypeName } from "./dtypes.js";
import { operation } from "./operation.js";

/** A tensor, or numbers that become one. */
export type TensorLike = Tensor | HostTensor | Nested;

/** @internal Tensors of what may be numbers, which are of the dtype of the tensor beside. */
export function asTensors(x: TensorLike, y: TensorLike): [Tensor, Tensor] {
  const dtype = [x, y].find((one) => one instanceof Tensor)?.dtype ?? "float32";
  const made = (value: TensorLike): Tensor =>
    value instanceof Tensor ? value : isHostTensor(value) ? constant(value) : constant(value, dtype);
  return [made(x), made(y)];
}

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
  if (boundedSize(sizes.map((size) => (size === null ? 1 : size))) < 1)
    refuseShape(place, "sizes of at least 1, or null", shown(sizes), "null is TensorFlow's None");
  return operation(
    "Placeholder",
    { inputs: [] },
    [{ dtype: dtypeOf(place, dtype), shape: [...sizes] }],
    name,
  )[0]!;
}

/**
 * Numbers of the graph: `tf.constant`.
 *
 * @param dtype that of a tensor that is given, otherwise float32: numbers of JavaScript do not tell
 * @param shape sizes of as many elements as there are, or of any that are all the one that is given
 * @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE
 */
export function constant(value: HostTensor | Nested, dtype?: TypeName, shape?: readonly number[]): Tensor {
  const wanted = dtype === undefined ? undefined : dtypeOf("constant", dtype);
  const given = isHostTensor(value) ? taken(value) : tensor(value, undefined, wanted ?? "float32");
  if (wanted !== undefined && given.dtype !== wanted)
    refuse("constant", wanted, given.dtype, "cast() makes another dtype of it", "UNROLL_DTYPE");
  const held = shape === undefined ? given : under(given, shape);
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

/** Elements under a shape; a single one as often as it holds. @throws UNROLL_SHAPE */
function under({ dtype, data }: HostTensor, shape: readonly number[]): HostTensor {
  const size = boundedSize(shape);
  if (size < 1 || (data.length !== 1 && data.length !== size))
    refuseShape("constant", `a shape of ${data.length} elements`, shown(shape), "a single one fills any");
  const made = allocate(dtype, size);
  if (data.length === 1) made.fill(data[0]!);
  else made.set(data);
  return { dtype, shape: [...shape], data: made };
}
