import { shown } from "../../contract/shown.js";
import type { HostTensor } from "../../contract/tensor.js";
import { assertTensor, type Tensor } from "../graph.js";
import { assertDType, operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import { assertRank, refuseShape, shownShape } from "../static-shapes.js";

/** What the steps of a beam search chose: for each step, ids and parents [batch × width]. */
export interface BeamTree {
  readonly ids: readonly Int32Array[];
  readonly parents: readonly Int32Array[];
  /** Of each row, the steps that count. */
  readonly lengths: ArrayLike<number>;
  readonly width: number;
  readonly endToken: number;
}

/**
 * The beams from their last step back to the first: for each step, ids [batch × width]. After an end token
 * there are end tokens alone.
 *
 * Source: TensorFlow 1.15, `contrib/seq2seq/kernels/beam_search_ops.cc`.
 *
 * @throws UNROLL_ARGUMENT for a parent that is no beam
 */
export function beamsOf({ ids, parents, lengths, width, endToken }: BeamTree): Int32Array[] {
  const beams = ids.map(({ length }) => new Int32Array(length).fill(endToken));
  for (let row = 0; row < lengths.length; row++) {
    const steps = Math.min(ids.length, lengths[row]!);
    for (let beam = 0; beam < width; beam++) {
      const place = row * width + beam;
      let at = place;
      for (let time = steps - 1; time >= 0; time--) {
        beams[time]![place] = ids[time]![at]!;
        const parent = parents[time]![at]!;
        // Of the first step nothing is read any more.
        if (time > 0 && (parent < 0 || parent >= width))
          refuse(
            "gatherTree parentIds",
            `beams from 0 to ${width - 1}`,
            `${parent} at step ${time} of row ${row}`,
            "a parent is the beam of the step before that a beam goes on from",
          );
        at = row * width + parent;
      }
      let ended = false;
      for (let time = 0; time < steps; time++) {
        if (ended) beams[time]![place] = endToken;
        ended ||= beams[time]![place] === endToken;
      }
    }
  }
  return beams;
}

/**
 * Whole beams of what the steps of a beam search chose: `tf.contrib.seq2seq.gather_tree`. Computed by no
 * engine, as nothing but whole numbers are looked up.
 *
 * @param stepIds int32 [time, batch, beamWidth]
 * @param parentIds which beam of the step before each goes on from, int32 [time, batch, beamWidth]
 * @param maxSequenceLengths steps of each row that count, int32 [batch]; past them are end tokens
 * @param endToken after it a beam has end tokens alone
 * @returns int32 [time, batch, beamWidth]
 * @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE; at a run UNROLL_ARGUMENT for a parent that is no beam
 */
export function gatherTree(
  stepIds: Tensor,
  parentIds: Tensor,
  maxSequenceLengths: Tensor,
  endToken: number,
): Tensor {
  const place = "gatherTree";
  const inputs = [stepIds, parentIds, maxSequenceLengths];
  for (const input of inputs) assertTensor(place, input);
  assertDType(place, inputs, ["int32"]);
  for (const ids of [stepIds, parentIds]) assertRank(place, ids, ["time", "batch", "beamWidth"]);
  assertRank(`${place} maxSequenceLengths`, maxSequenceLengths, ["batch"]);
  if (!Number.isInteger(endToken)) refuse(`${place} endToken`, "an id", shown(endToken), "e.g. 1");
  return operation(
    "GatherTree",
    {
      inputs,
      async run(evaluate) {
        const [ids, parents, lengths] = (await evaluate(inputs, new Map())) as [
          HostTensor<"int32">,
          HostTensor<"int32">,
          HostTensor<"int32">,
        ];
        const [time, batch, width] = ids.shape as [number, number, number];
        if (parents.shape.join() !== ids.shape.join() || lengths.shape[0] !== batch)
          refuseShape(
            place,
            `parentIds ${shownShape(ids.shape)} and lengths [${batch}], as stepIds has them`,
            `${shownShape(parents.shape)} and ${shownShape(lengths.shape)}`,
            "time comes first",
          );
        const size = batch * width;
        const each = (all: Int32Array): Int32Array[] =>
          Array.from({ length: time }, (_, k) => all.subarray(k * size, (k + 1) * size));
        const beams = beamsOf({
          ids: each(ids.data),
          parents: each(parents.data),
          lengths: lengths.data,
          width,
          endToken,
        });
        const data = new Int32Array(time * size);
        beams.forEach((step, k) => data.set(step, k * size));
        return [{ dtype: "int32", shape: ids.shape, data }];
      },
    },
    [stepIds],
  )[0]!;
}
