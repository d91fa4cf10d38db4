// Many streams of one LSTM, advanced together by a pool, beside one by one.
import { lstmCell, streamPool } from "@unroll/api";
import { compiled, filled, oneLayer } from "./models.mjs";

export async function streams({ engines, counts, race, report }) {
  const units = 64;
  const model = oneLayer(lstmCell({ inputSize: units, units }));
  for (const count of counts) {
    const list = [];
    for (const [engine, { adapter }] of engines) {
      if (!adapter?.compileSync) continue;
      const loaded = await compiled(model, adapter);
      const pool = streamPool(loaded, { capacity: count });
      const ids = Array.from({ length: count }, (_, k) => k);
      for (const id of ids) pool.open(id);
      const states = ids.map(() => loaded.zeroState(1));
      const [x, out] = [filled(count * units), new Float32Array(count * units)];
      const rows = ids.map((k) => x.subarray(k * units, (k + 1) * units));
      const outs = ids.map((k) => out.subarray(k * units, (k + 1) * units));
      list.push(
        { engine, how: "together", run: () => pool.stepInto(ids, x, out) },
        {
          engine,
          how: "one by one",
          run: () => {
            for (let k = 0; k < count; k++) loaded.stepInto(rows[k], states[k], outs[k]);
          },
        },
      );
    }
    await report(
      { section: "streams", units, streams: count, steps: count, unit: "us per stream and step" },
      list,
      await race(list.map(({ engine, how, run }) => ({ key: `streams ${engine} ${how}`, run, work: count }))),
    );
  }
}
