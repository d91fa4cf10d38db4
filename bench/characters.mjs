// The character model of the demo, which writes text: each character is looked up in what it gives.
import { readFileSync } from "node:fs";
import { compile, dense, embedding, input, lstmCell, recurrent, spec, tensor } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";

const folder = new URL("../fixtures/models/charlm/", import.meta.url);
const [CHARACTERS, SIZE, UNITS] = [75, 48, 128];
const cell = (inputSize) => lstmCell({ inputSize, units: UNITS, bias: "split" });
const model = spec({
  name: "charlm",
  inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "embedding", input: "ids", inputSize: CHARACTERS, outputSize: SIZE }),
    recurrent({ name: "lstm_l0", input: "embedding", cell: cell(SIZE) }),
    recurrent({ name: "lstm_l1", input: "lstm_l0", cell: cell(UNITS) }),
    dense({ name: "fc", input: "lstm_l1", inputSize: UNITS, units: CHARACTERS }),
  ],
});

const likeliest = (scores) => {
  let best = 0;
  for (let k = 1; k < scores.length; k++) if (scores[k] > scores[best]) best = k;
  return best;
};

/** Characters in a call, so that the way back to the start counts for nothing. */
const WRITTEN = 20;

export async function characters({ engines, race, report }) {
  const { tensors } = readSafetensors(readFileSync(new URL("charlm.safetensors", folder)));
  const { weights } = fromTorch(model, tensors);
  const list = [];
  for (const [engine, { adapter }] of engines) {
    if (!adapter) continue;
    const compiled = await compile(model, { adapter, weights });
    const ids = tensor(new Int32Array(1), [1], "int32");
    list.push({
      engine,
      how: "Unroll",
      run: async () => {
        let state = compiled.zeroState(1);
        for (let n = 0; n < WRITTEN; n++) {
          const result = await compiled.step(ids, state);
          state = result.state;
          ids.data[0] = likeliest(result.output.data);
        }
      },
    });
    if (!adapter.compileSync) continue;
    const [state, out] = [compiled.zeroState(1), new Float32Array(CHARACTERS)];
    list.push({
      engine,
      how: "Unroll in place",
      run: () => {
        for (let n = 0; n < WRITTEN; n++) {
          compiled.stepInto(ids.data, state, out);
          ids.data[0] = likeliest(out);
        }
      },
    });
  }
  await report(
    { section: "characters", steps: WRITTEN, unit: "us per character" },
    list,
    await race(
      list.map(({ engine, how, run }) => ({ key: `characters ${engine} ${how}`, run, work: WRITTEN })),
    ),
  );
}
