import { shown } from "../../contract/shown.js";
import { assertTensor, type Tensor } from "../graph.js";
import { refuse } from "../refuse.js";
import { assertFlags, optionsOf } from "../options.js";
import { assertRank, broadcastStatic, refuseShape, shownShape } from "../static-shapes.js";
import { transpose } from "./arranging.js";
import { add } from "./elementwise.js";
import { assertDType, one } from "./operation.js";

/** Matrix product over the last two axes: `tf.matmul`. @throws UNROLL_SHAPE */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  assertTensor("matmul", a);
  assertTensor("matmul", b);
  assertDType("matmul", [a, b], ["float32"]);
  const { transposeA, transposeB } = optionsOf("matmul", options, ["transposeA", "transposeB"]);
  assertFlags("matmul", { transposeA, transposeB });
  const turned = (x: Tensor): Tensor => {
    const rank = x.shape.length;
    return transpose(x, [...Array.from({ length: rank - 2 }, (_, k) => k), rank - 1, rank - 2]);
  };
  const bad = (): never =>
    refuseShape(
      "matmul",
      "[..., m, k] and [..., k, n]",
      `${shownShape(a.shape)} and ${shownShape(b.shape)}`,
      "the inner axes must agree",
    );
  if (a.shape.length < 2 || b.shape.length < 2) bad();
  const [p, q] = [transposeA ? turned(a) : a, transposeB ? turned(b) : b];
  const [inner, other] = [p.shape.at(-1)!, q.shape.at(-2)!];
  if (inner !== null && other !== null && inner !== other) bad();
  const lead = broadcastStatic("matmul", p.shape.slice(0, -2), q.shape.slice(0, -2));
  return one("MatMul", [p, q], "float32", [...lead, p.shape.at(-2)!, q.shape.at(-1)!], (block, [v, w]) =>
    block.matmul(v!, w!),
  );
}

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Whether the last two axes of the first are swapped before. Default false. */
  readonly transposeA?: boolean;
  /** Whether the last two axes of the second are swapped before. Default false. */
  readonly transposeB?: boolean;
}

/** A bias along the last axis: `tf.nn.bias_add`. @throws UNROLL_SHAPE */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  assertTensor("biasAdd", x);
  assertTensor("biasAdd", bias);
  assertRank("biasAdd bias", bias, ["channels"]);
  const [size, own] = [x.shape.at(-1), bias.shape[0]!];
  if (size === undefined || (size !== null && own !== null && size !== own))
    refuseShape(
      "biasAdd",
      `a bias [${size ?? "?"}], one for each place of the last axis`,
      shownShape(bias.shape),
      "add() stretches shapes to each other",
    );
  return add(x, bias);
}

/** x times weights and a bias: `tf.nn.xw_plus_b`. @throws UNROLL_SHAPE */
export const xwPlusB = (x: Tensor, weights: Tensor, biases: Tensor): Tensor =>
  biasAdd(matmul(x, weights), biases);

/**
 * Rows of a table by their numbers: `tf.nn.embedding_lookup`, `tf.gather`.
 *
 * @param axis only 0, `tf.gather`'s default
 * @throws UNROLL_DTYPE, UNROLL_SHAPE; UNROLL_UNSUPPORTED for another axis
 */
export function embeddingLookup(table: Tensor, ids: Tensor, axis = 0): Tensor {
  const place = "embeddingLookup";
  assertTensor(place, table);
  assertTensor(place, ids);
  if (axis !== 0)
    refuse(`${place} axis`, "0", shown(axis), "transpose() moves an axis there", "UNROLL_UNSUPPORTED");
  if (table.shape.length === 0)
    refuseShape(place, "a table of rows", shownShape(table.shape), "ids count along its first axis");
  if (ids.dtype !== "int32")
    refuse(place, "ids of int32", ids.toString(), "make the placeholder of int32, or cast", "UNROLL_DTYPE");
  const made = [...ids.shape, ...table.shape.slice(1)];
  return one("GatherV2", [table, ids], table.dtype, made, (b, [rows, at]) => b.gather(rows!, at!));
}
