// TensorFlow.js as its users write it: `tf.layers`, stateful for a step, and `tf.basicLSTMCell`.
import { filled } from "./models.mjs";

/** The default initialiser alone takes minutes at these sizes. */
const initial = {
  kernelInitializer: "glorotUniform",
  recurrentInitializer: "glorotUniform",
  recurrentActivation: "sigmoid",
};

/** A layer whole and by steps; of a GRU it has only the form whose reset is before the product. */
function layerContestant(kind, { tf }, on, H, B, T) {
  const layerOf = tf.layers[kind.toLowerCase()];
  const layer = layerOf({ units: H, returnSequences: true, inputShape: [T, H], ...initial });
  const stateful = layerOf({ units: H, stateful: true, batchInputShape: [B, 1, H], ...initial });
  const [whole, single] = [tf.sequential({ layers: [layer] }), tf.sequential({ layers: [stateful] })];
  const [xs, x] = [tf.tensor3d(filled(B * T * H), [B, T, H]), tf.tensor3d(filled(B * H), [B, 1, H])];
  const read = (model, input) =>
    on(() => {
      const y = model.predict(input, { batchSize: B });
      y.dataSync();
      y.dispose();
    });
  return {
    contestant: { how: "tf.layers", byHand: true, step: read(single, x), sequence: read(whole, xs) },
    dispose: () => [whole, single, xs, x].forEach((one) => one.dispose()),
  };
}

function cellContestant({ tf }, on, H, B) {
  const kernel = tf.tensor2d(filled(8 * H * H), [2 * H, 4 * H]);
  const [bias, forget, x] = [tf.tensor1d(filled(4 * H)), tf.scalar(1), tf.tensor2d(filled(B * H), [B, H])];
  let [c, h] = [tf.zeros([B, H]), tf.zeros([B, H])];
  return {
    contestant: {
      how: "tf.basicLSTMCell",
      byHand: true,
      step: on(() => {
        const [nextC, nextH] = tf.tidy(() => tf.basicLSTMCell(forget, kernel, bias, x, c, h));
        c.dispose();
        h.dispose();
        [c, h] = [nextC, nextH];
        h.dataSync();
      }),
    },
    dispose: () => [kernel, bias, forget, x, c, h].forEach((one) => one.dispose()),
  };
}

/** What runs with the backend of an engine; another engine may have another. */
export const onBackend =
  ({ tf, backend }) =>
  (run) => {
    const switched = async () => {
      await tf.setBackend(backend);
      run();
    };
    return () => (tf.getBackend() === backend ? run() : switched());
  };

export async function tfjsContestants(kind, engine, H, B, T) {
  await engine.tf.setBackend(engine.backend);
  const on = onBackend(engine);
  const entered = [layerContestant(kind, engine, on, H, B, T)];
  if (kind === "LSTM") entered.push(cellContestant(engine, on, H, B));
  return {
    list: entered.map(({ contestant }) => contestant),
    dispose: () => entered.forEach(({ dispose }) => dispose()),
  };
}
