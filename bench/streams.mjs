// Many streams of one LSTM on the builtin engine: advanced together by a pool, beside one by one, in one
// process, alternating.
//
//   npm run build && node bench/streams.mjs [--units 64] [--streams 100,1000,10000] [--rounds 7]
//
// Printed are medians in microseconds per stream and step, and the ratio of one by one to together.
import { parseArgs } from "node:util";
import {
  builtin,
  compile,
  input,
  lstmCell,
  recurrent,
  spec,
  specWeights,
  streamPool,
  tensor,
} from "@unroll/api";

const { values: args } = parseArgs({
  options: {
    units: { type: "string", default: "64" },
    streams: { type: "string", default: "100,1000,10000" },
    rounds: { type: "string", default: "7" },
  },
});
const units = Number(args.units);
let seed = 1;
const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5) * 0.2;
const filled = (size) => Float32Array.from({ length: size }, random);
const model = spec({
  name: "streams",
  inputs: [input({ name: "x", shape: [units] })],
  layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: units, units }) })],
});
const weights = Object.fromEntries(
  specWeights(model).map(({ name, shape }) => [
    name,
    tensor(filled(shape.reduce((a, b) => a * b, 1)), shape),
  ]),
);
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

console.log(`LSTM of ${units} units, ${builtin().device}`);
console.log("| streams | together, us a stream | one by one | ratio |");
console.log("| ---: | ---: | ---: | ---: |");
for (const count of args.streams.split(",").map(Number)) {
  const compiled = await compile(model, { adapter: builtin(), weights });
  const pool = streamPool(compiled, { capacity: count });
  const ids = Array.from({ length: count }, (_, k) => k);
  for (const id of ids) pool.open(id);
  const states = ids.map(() => compiled.zeroState(1));
  const [x, out] = [filled(count * units), new Float32Array(count * units)];
  const [row, rowOut] = [x.slice(0, units), new Float32Array(units)];
  const contestants = {
    together: () => pool.stepInto(ids, x, out),
    apart: () => {
      for (let k = 0; k < count; k++) {
        for (let n = 0; n < units; n++) row[n] = x[k * units + n];
        compiled.stepInto(row, states[k], rowOut);
      }
    },
  };
  const times = { together: [], apart: [] };
  const repeats = Math.max(1, Math.round(2000 / count));
  for (let round = 0; round <= Number(args.rounds); round++)
    for (const [name, run] of Object.entries(contestants)) {
      const started = performance.now();
      for (let k = 0; k < repeats; k++) run();
      // The first round is for the compiler.
      if (round > 0) times[name].push(((performance.now() - started) * 1000) / repeats / count);
    }
  const [together, apart] = [median(times.together), median(times.apart)];
  console.log(
    `| ${count} | ${together.toFixed(2)} | ${apart.toFixed(2)} | ${(apart / together).toFixed(1)}x |`,
  );
}
