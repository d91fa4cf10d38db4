// Real-time factors of small models on audio: blocks of 128 samples at 48 kHz, in place by `sequenceInto`.
//
//   npm run build && node bench/audio.mjs [--units 8,16,40 --seconds 4]
//
// Every contestant takes turns, a quarter of a second of audio at a time, until each has had its share of
// seconds; printed are medians of the processor's time over playing time. Below 1 keeps up, with nothing else
// to do.
import { parseArgs } from "node:util";
import { builtin, compile, dense, gruCell, input, lstmCell, recurrent } from "@unroll/api";
import { spec, specWeights, tensor } from "@unroll/api";

const { values: args } = parseArgs({
  options: {
    units: { type: "string", default: "8,16,24,40" },
    seconds: { type: "string", default: "4" },
  },
});
const [RATE, BLOCK, TURN] = [48_000, 128, 94];
const cells = { LSTM: lstmCell, GRU: gruCell };

/** One sample in, one out. */
async function amplifier(cellOf, units, adapter) {
  const model = spec({
    name: "amplifier",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [
      recurrent({ name: "cell", input: "x", cell: cellOf({ inputSize: 1, units }) }),
      dense({ name: "out", input: "cell", inputSize: units, units: 1 }),
    ],
  });
  const weights = Object.fromEntries(
    specWeights(model).map(({ name, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        tensor(
          Float32Array.from({ length }, (_, k) => Math.sin(k + 1) / 4),
          shape,
        ),
      ];
    }),
  );
  return compile(model, { adapter, weights });
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const signal = Float32Array.from({ length: BLOCK }, (_, k) => Math.sin(k / 7) / 2);
const engines = [builtin(), builtin({ simd: false })];
const rows = [];
for (const [name, cellOf] of Object.entries(cells))
  for (const units of args.units.split(",").map(Number)) {
    const contestants = await Promise.all(
      engines.flatMap((adapter) =>
        ["sequenceInto", "stepInto"].map(async (how) => {
          const model = await amplifier(cellOf, units, adapter);
          const [state, out] = [model.zeroState(1), new Float32Array(BLOCK)];
          const samples = Array.from(signal, (_, k) => [signal.subarray(k, k + 1), out.subarray(k, k + 1)]);
          const block =
            how === "sequenceInto"
              ? () => model.sequenceInto(signal, state, out)
              : () => samples.forEach(([x, y]) => model.stepInto(x, state, y));
          return { label: `${adapter.device} ${how}`, block, turns: [] };
        }),
      ),
    );
    const end = performance.now() + 1000 * Number(args.seconds) * contestants.length;
    do
      for (const { block, turns } of contestants) {
        const start = process.cpuUsage();
        for (let n = 0; n < TURN; n++) block();
        const { user, system } = process.cpuUsage(start);
        turns.push((user + system) / 1e6 / ((TURN * BLOCK) / RATE));
      }
    while (performance.now() < end);
    const factors = contestants.map(({ label, turns }) => [label, median(turns).toFixed(3)]);
    rows.push({ model: `${name} of ${units}`, ...Object.fromEntries(factors) });
  }
console.log("Processor time over playing time, one voice, 48 kHz, blocks of 128 samples");
console.table(rows);
