// A step and a sequence of an LSTM or a GRU, ours and each engine driven by hand.
import { gruCell, lstmCell, tensor } from "@unroll/api";
import { brainContestants } from "./brain-by-hand.mjs";
import { compiled, filled, oneLayer } from "./models.mjs";
import { recurrentNode } from "./onnx-by-hand.mjs";
import { tfjsContestants } from "./tfjs-by-hand.mjs";

/** Cells, and the columns of gates that each has. */
const cells = { LSTM: [lstmCell, 4], GRU: [gruCell, 3] };

/**
 * Ours on one engine: as everyone calls it, and in place where there is such a thing. Axes lie as the library
 * wants them: time first for ONNX, batch first for TensorFlow.js.
 */
export async function ourContestants(cell, { adapter, ort }, B, T) {
  const model = await compiled(oneLayer(cell), adapter, { timeMajor: ort !== undefined });
  const I = cell.inputSize;
  const frame = tensor(filled(B * I), [B, I]);
  const sequence = tensor(filled(B * T * I), ort ? [T, B, I] : [B, T, I]);
  let state = model.zeroState(B);
  const list = [
    {
      how: "Unroll",
      step: async () => {
        ({ state } = await model.step(frame, state));
      },
      sequence: () => model.sequence(sequence),
    },
  ];
  if (adapter.compileSync) {
    const own = model.zeroState(B);
    const [out, played] = [B, B * T].map((rows) => new Float32Array(rows * cell.units));
    list.push({
      how: "Unroll in place",
      step: () => model.stepInto(frame.data, own, out),
      sequence: () => model.sequenceInto(sequence.data, own, played),
    });
  }
  return { list, dispose: () => model.dispose() };
}

/**
 * One `session.run` for each call, which fetches only what is read, and feeds what it got back. Not into
 * tensors made beforehand: onnxruntime-web 1.30 does not write results into those on wasm, and
 * onnxruntime-node is no faster by them.
 */
async function onnxContestant(kind, { ort, options }, H, B, T) {
  const session = await ort.InferenceSession.create(recurrentNode(kind, H, H), options);
  const made = (shape) => new ort.Tensor("float32", filled(shape.reduce((a, b) => a * b, 1)), shape);
  const parts = kind === "LSTM" ? ["h", "c"] : ["h"];
  const finals = parts.map((part) => `${part}N`);
  const feeds = { X: made([1, B, H]) };
  for (const part of parts) feeds[`${part}0`] = made([1, B, H]);
  const whole = { ...feeds, X: made([T, B, H]) };
  return {
    contestant: {
      how: "by hand",
      byHand: true,
      step: async () => {
        const results = await session.run(feeds, finals);
        for (const part of parts) feeds[`${part}0`] = results[`${part}N`];
        void results.hN.data[0];
      },
      sequence: async () => {
        const { Y } = await session.run(whole, ["Y"]);
        void Y.data[0];
      },
    },
    dispose: () => session.release(),
  };
}

/** Everyone who runs a cell of one engine. */
async function contestantsOf(kind, engine, H, B, T) {
  if (engine.brain) return brainContestants(kind, engine, H, B, T);
  const [cellOf] = cells[kind];
  const ours = await ourContestants(cellOf({ inputSize: H, units: H }), engine, B, T);
  if (engine.tf) {
    const { list, dispose } = await tfjsContestants(kind, engine, H, B, T);
    return { list: [...list, ...ours.list], dispose: () => (dispose(), ours.dispose()) };
  }
  if (!engine.ort) return ours;
  const { contestant, dispose } = await onnxContestant(kind, engine, H, B, T);
  return { list: [contestant, ...ours.list], dispose: () => (dispose(), ours.dispose()) };
}

/** Steps and sequences of each kind and size, in microseconds per step. */
export async function recurrent({ engines, batches, units, time, race, report }) {
  for (const kind of Object.keys(cells))
    for (const B of batches)
      for (const H of units) {
        const entered = [];
        for (const [name, engine] of engines)
          entered.push([name, await contestantsOf(kind, engine, H, B, time)]);
        for (const mode of ["step", "sequence"]) {
          const steps = mode === "step" ? 1 : time;
          const list = entered.flatMap(([engine, { list }]) =>
            list
              .filter((one) => one[mode])
              .map(({ how, byHand, [mode]: run }) => ({ engine, how, byHand: byHand ?? false, run })),
          );
          await report(
            { section: "recurrent", kind, mode, batch: B, units: H, steps, unit: "us per step" },
            list,
            await race(
              list.map(({ engine, how, run }) => ({
                key: `${kind} ${mode} ${engine} ${how}`,
                run,
                work: cells[kind][1] * 2 * H * H * B * steps,
              })),
            ),
          );
        }
        for (const [, { dispose }] of entered) dispose();
      }
}
