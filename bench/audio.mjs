// Small models on audio: blocks of 128 samples at 48 kHz, one voice, in place.
import { gruCell, lstmCell } from "@unroll/api";
import { amplifier, compiled } from "./models.mjs";

const [RATE, BLOCK] = [48_000, 128];
const signal = Float32Array.from({ length: BLOCK }, (_, k) => Math.sin(k / 7) / 2);

export async function audio({ engines, voices, race, report }) {
  for (const [kind, cellOf] of Object.entries({ LSTM: lstmCell, GRU: gruCell }))
    for (const units of voices) {
      const list = [];
      for (const [engine, { adapter }] of engines) {
        if (!adapter?.compileSync) continue;
        const model = await compiled(amplifier(cellOf({ inputSize: 1, units })), adapter);
        const [state, out] = [model.zeroState(1), new Float32Array(BLOCK)];
        const samples = Array.from(signal, (_, k) => [signal.subarray(k, k + 1), out.subarray(k, k + 1)]);
        list.push(
          { engine, how: "sequenceInto", run: () => model.sequenceInto(signal, state, out) },
          {
            engine,
            how: "stepInto",
            run: () => {
              for (const [x, y] of samples) model.stepInto(x, state, y);
            },
          },
        );
      }
      // A block's time over how long it plays.
      const steps = (BLOCK / RATE) * 1e6;
      await report(
        { section: "audio", kind, units, steps, unit: "of the playing time" },
        list,
        await race(
          list.map(({ engine, how, run }) => ({ key: `audio ${kind} ${engine} ${how}`, run, work: units })),
        ),
      );
    }
}
