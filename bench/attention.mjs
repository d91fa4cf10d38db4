// Attention by a scaled product: as many queries as there are keys, and the keys are the values.
import { attention as attentionLayer, input, spec, tensor } from "@unroll/api";
import { compiled, filled } from "./models.mjs";
import { attentionNodes } from "./onnx-by-hand.mjs";
import { onBackend } from "./tfjs-by-hand.mjs";

const modelOf = (size) =>
  spec({
    name: "race",
    inputs: [
      input({ name: "queries", shape: [size] }),
      input({ name: "values", shape: [size], axis: "source" }),
    ],
    layers: [
      attentionLayer({ name: "y", query: "queries", value: "values", inputSize: size, score: "scaledDot" }),
    ],
  });

async function byHand({ ort, options, tf, backend }, queries, values, [B, T, size]) {
  if (ort) {
    const session = await ort.InferenceSession.create(attentionNodes(size), options);
    const [q, v] = [queries, values].map(({ data }) => new ort.Tensor("float32", data, [B, T, size]));
    return async () => void (await session.run({ queries: q, values: v })).y.data[0];
  }
  if (!tf) return undefined;
  await tf.setBackend(backend);
  const [q, v] = [queries, values].map(({ data }) => tf.tensor3d(data, [B, T, size]));
  return onBackend({ tf, backend })(() =>
    tf.tidy(() => {
      const fit = tf.matMul(tf.mul(q, 1 / Math.sqrt(size)), v, false, true);
      tf.matMul(tf.softmax(fit), v).dataSync();
    }),
  );
}

export async function attention({ engines, batches, units, ends, time, race, report }) {
  for (const B of ends(batches))
    for (const size of ends(units)) {
      const shape = [B, time, size];
      const [queries, values] = [0, 1].map(() => tensor(filled(B * time * size), shape));
      const list = [];
      for (const [engine, loaded] of engines) {
        if (!loaded.adapter) continue;
        const model = await compiled(modelOf(size), loaded.adapter);
        const hand = await byHand(loaded, queries, values, shape);
        if (hand) list.push({ engine, how: "by hand", byHand: true, run: hand });
        list.push({ engine, how: "Unroll", byHand: false, run: () => model.sequence({ queries, values }) });
      }
      await report(
        { section: "attention", batch: B, units: size, steps: 1, unit: "us per call" },
        list,
        await race(
          list.map(({ engine, how, run }) => ({
            key: `attention ${engine} ${how}`,
            run,
            work: 2 * B * time * time * size,
          })),
        ),
      );
    }
}
