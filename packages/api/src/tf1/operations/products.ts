import { knownOptions } from "../../contract/known-options.js";
import { assertTensor, type Tensor } from "../graph.js";
import { refuse } from "../refuse.js";
import { broadcastStatic, refuseShape, shownShape } from "../static-shapes.js";
import { transpose } from "./arranging.js";
import { biasAdd } from "./elementwise.js";
import { one } from "./operation.js";

/** Matrix product over the last two axes: `tf.matmul`. @throws UNROLL_SHAPE */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  assertTensor("matmul", a);
  assertTensor("matmul", b);
  knownOptions("matmul", options, ["transposeA", "transposeB"]);
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
  const [p, q] = [options.transposeA ? turned(a) : a, options.transposeB ? turned(b) : b];
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

/** x times weights and a bias: `tf.nn.xw_plus_b`. @throws UNROLL_SHAPE */
export const xwPlusB = (x: Tensor, weights: Tensor, biases: Tensor): Tensor =>
  biasAdd(matmul(x, weights), biases);

/** Rows of a table by their numbers: `tf.nn.embedding_lookup`, `tf.gather`. @throws UNROLL_DTYPE */
export function embeddingLookup(table: Tensor, ids: Tensor): Tensor {
  const place = "embeddingLookup";
  assertTensor(place, table);
  assertTensor(place, ids);
  if (ids.dtype !== "int32")
    refuse(place, "ids of int32", ids.toString(), "make the placeholder of int32, or cast", "UNROLL_DTYPE");
  const made = [...ids.shape, ...table.shape.slice(1)];
  return one("GatherV2", [table, ids], table.dtype, made, (b, [rows, at]) => b.gather(rows!, at!));
}
