import { refuse } from "../refuse.js";

/**
 * `tf.contrib.seq2seq.BeamSearchDecoder`, which is not there.
 *
 * @throws UNROLL_UNSUPPORTED always
 */
export class BeamSearchDecoder {
  /** Refuses, whatever it is given. */
  constructor(..._given: readonly unknown[]) {
    refuse(
      "BeamSearchDecoder",
      "a BasicDecoder",
      "beam search, which is not there",
      "decode greedily, or fetch one step's scores and state and keep the beams yourself",
      "UNROLL_UNSUPPORTED",
    );
  }
}
