// A cell that nobody has a kernel for, a recurrent highway network of depth 1, beside an LSTM with as many
// multiplications; on ONNX Runtime it is a Scan.
import { lstmCell } from "@unroll/api";
import { recurrentHighwayCell } from "@unroll/api/cells";
import { ourContestants } from "./recurrent.mjs";

/** Units of an LSTM with as many multiplications over the same input: 4 U (I + U) = 2 H (I + H). */
const sameWork = (I, H) => Math.round((Math.sqrt(I * I + 2 * H * (I + H)) - I) / 2);

export async function customCell({ engines, batches, units, ends, time, race, report }) {
  for (const B of ends(batches))
    for (const H of ends(units)) {
      const entered = [];
      const kinds = {
        "recurrent highway": recurrentHighwayCell({ inputSize: H, units: H }),
        LSTM: lstmCell({ inputSize: H, units: sameWork(H, H) }),
      };
      for (const [name, engine] of engines.filter(([, { adapter }]) => adapter))
        for (const [kind, cell] of Object.entries(kinds))
          entered.push([name, kind, await ourContestants(cell, engine, B, time)]);
      for (const mode of ["step", "sequence"]) {
        const steps = mode === "step" ? 1 : time;
        const list = entered.flatMap(([engine, kind, { list }]) =>
          list.map(({ how, [mode]: run }) => ({ engine, kind, how, run })),
        );
        await report(
          { section: "custom cell", mode, batch: B, units: H, steps, unit: "us per step" },
          list,
          await race(
            list.map(({ engine, kind, how, run }) => ({
              key: `custom ${kind} ${mode} ${engine} ${how}`,
              run,
              work: 4 * H * H * B * steps,
            })),
          ),
        );
      }
      for (const [, , { dispose }] of entered) dispose();
    }
}
