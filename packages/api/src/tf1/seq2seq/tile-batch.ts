import { reshaped } from "../../layers/reshaped.js";
import { isTensor } from "../fold.js";
import { assertTensor, type Tensor } from "../graph.js";
import { one, sizesOf } from "../operations/operation.js";
import { sizeGiven } from "../options.js";
import { refuseShape, shownShape } from "../static-shapes.js";
import { filled, flatten, type Structure } from "../structure.js";

/**
 * Each row several times, one after another: `tf.contrib.seq2seq.tile_batch`. What a beam search begins with,
 * as every beam is a row.
 *
 * @param t a tensor [batch, ...], or a state of several
 * @param multiplier how often each row, the width of the beam
 * @returns the same structure, [batch × multiplier, ...]
 * @throws UNROLL_ARGUMENT, UNROLL_SHAPE
 */
export function tileBatch<S extends Structure<Tensor>>(t: S, multiplier: number): S {
  const place = "tileBatch";
  const times = sizeGiven(`${place} multiplier`, multiplier);
  flatten(place, t, isTensor);
  return filled(t, isTensor, (x) => tiled(place, x, times)) as S;
}

function tiled(place: string, x: Tensor, times: number): Tensor {
  assertTensor(place, x);
  const [batch, ...rest] = x.shape;
  if (batch === undefined) refuseShape(place, "[batch, ...]", shownShape(x.shape), "a number has no rows");
  const size = typeof batch === "number" ? batch * times : null;
  return one("Tile", [x], x.dtype, [size, ...rest], (b, [value]) => {
    const [rows, ...own] = sizesOf(value!) as [number, ...number[]];
    const again = b.concat(new Array(times).fill(b.expandDims(value!, 1)), 1);
    return reshaped(b, again, [rows * times, ...own]);
  });
}
