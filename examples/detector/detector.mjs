// A detector that listens: strided convolutions make frames of samples, an LSTM goes on from frame to frame,
// and what either still needs of the past is the state that each piece hands to the next.
import { compile, convolution, dense, input, lstmCell, recurrent, spec } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";

/** Samples of one frame: a piece has a multiple of them. */
export const FRAME = 16;

/** As `Detector` in `fixtures/models/detector/train.py`, whose names the weights have. */
export const model = spec({
  name: "detector",
  inputs: [input({ name: "samples", shape: [1] })],
  layers: [
    convolution({
      name: "front",
      input: "samples",
      inputShape: [1],
      filters: 12,
      kernelSize: [32],
      strides: [8],
      padding: "causal",
      axis: "halves",
      activation: "relu",
    }),
    convolution({
      name: "second",
      input: "front",
      inputShape: [12],
      filters: 16,
      kernelSize: [5],
      strides: [2],
      padding: "causal",
      axis: "frames",
      activation: "relu",
    }),
    recurrent({ name: "lstm", input: "second", cell: lstmCell({ inputSize: 16, units: 16, bias: "split" }) }),
    dense({ name: "tone", input: "lstm", inputSize: 16, units: 1, activation: "sigmoid" }),
  ],
});

/** Loads the detector on an engine; `file` is its safetensors file. */
export async function loadDetector({ adapter, file }) {
  const { weights } = fromTorch(model, readSafetensors(file).tensors);
  const compiled = await compile(model, { adapter, weights });
  return {
    /** How likely a tone is on at each frame of whole recordings, [batch, time, 1] to [batch, frames, 1]. */
    whole: async (samples) => (await compiled.sequence(samples)).output,
    /** Begins to listen. Each call takes the next samples, a multiple of FRAME, and gives their frames. */
    listen() {
      let state = compiled.zeroState(1);
      return async (samples) => {
        const x = { dtype: "float32", shape: [1, samples.length, 1], data: Float32Array.from(samples) };
        const { output, state: next } = await compiled.sequence(x, { state });
        state = next;
        return output.data;
      };
    },
    dispose: () => compiled.dispose(),
  };
}
