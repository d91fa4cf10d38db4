// How far honest engines are from float64, as a share of their bound: per engine and kind of layer.
//
//   npm run build && node conformance/bench/error-over-bound.mjs [--cases 2000] [--seed 1] [--engines
//   builtin,tfjs:cpu,...]
//
// `derived` is the bound that is used, from the spread of noisy runs; `running` carries the worst case of
// every rounding along, and knows no custom cells. Sequences longer than 40 steps are counted apart, since it
// is there that the two part.
import { parseArgs } from "node:util";
import { compile } from "@unroll/api";
import { resolveAdapter } from "@unroll/api/config";
import {
  cases,
  compareWithBound,
  deriveBounds,
  evaluate,
  inputsOf,
  optionsOf,
  precisions,
  running,
  runOf,
} from "@unroll/conformance";
import * as fc from "fast-check";

const { values: args } = parseArgs({
  options: {
    cases: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    engines: { type: "string", default: "builtin,tfjs:cpu,tfjs:wasm,onnx:wasm,onnx:cpu" },
  },
});
const drawn = fc.sample(cases(), { seed: Number(args.seed), numRuns: Number(args.cases) });
const engines = await Promise.all(
  args.engines
    .split(",")
    .map(async (name) => [
      name,
      await resolveAdapter({ adapter: name.split(":")[0], device: name.split(":")[1] }),
    ]),
);

const kindOf = ({ spec, time }) => {
  const kinds = new Set(
    spec.layers.flatMap((layer) =>
      layer.type === "recurrent"
        ? [layer.cell.kind]
        : layer.type === "bidirectional"
          ? [layer.forward.kind]
          : [],
    ),
  );
  if (spec.layers.some(({ type }) => type === "attention"))
    return `with attention${kinds.has("custom") ? " and custom" : ""}`;
  const mixed = kinds.has("custom") ? "mixed with custom" : "mixed";
  return `${kinds.size === 1 ? [...kinds][0] : mixed}${time > 40 ? ", long" : ""}`;
};
const flat = ({ outputs, state }) => [
  ...Object.values(outputs),
  ...Object.values(state).flatMap((parts) => Object.values(parts)),
];
// The errors of the running bound, in the form of its values.
const errors = (m) => ({ ...m, values: ({ error }) => error });

const ratios = new Map();
let [wide, counted] = [0, 0];
for (const given of drawn) {
  const derived = deriveBounds(given.spec, given.weights, runOf(given));
  const [truth, bound] = [flat(derived.exact), flat(derived.bounds)];
  const scale = Math.max(
    1,
    ...truth.flatMap(({ data }) => data.map(Math.abs).reduce((a, b) => Math.max(a, b), 0)),
  );
  if (!(scale < 1e6) || bound.some(({ data }) => data.some((b) => !(b <= 0.02 * scale)))) {
    wide++;
    continue;
  }
  counted++;
  const worstCase = kindOf(given).includes("custom")
    ? null
    : flat(evaluate(given.spec, given.weights, runOf(given), errors(running(precisions.f32))));
  for (const [name, adapter] of engines) {
    const model = await compile(given.spec, { adapter, weights: given.weights });
    const result = await model.sequence(inputsOf(given), optionsOf(given));
    const got = [
      ...given.spec.outputs.map((ref) => result.outputs[ref]),
      ...Object.values(await result.state.toTypedArrays()).flatMap((parts) => Object.values(parts)),
    ];
    const worst = (allowed) =>
      Math.max(
        ...got.map(
          (value, k) =>
            compareWithBound(value, truth[k], {
              shape: truth[k].shape,
              data: allowed[k].data.map((b) => b + 2 ** -126),
            }).errorOverBound,
        ),
      );
    const key = `${name}\t${kindOf(given)}`;
    if (!ratios.has(key)) ratios.set(key, { derived: [], running: [] });
    ratios.get(key).derived.push(worst(bound));
    if (worstCase) ratios.get(key).running.push(worst(worstCase));
    model.dispose();
  }
}
const at = (list, share) => list[Math.min(list.length - 1, Math.floor(share * list.length))];
console.log(
  `${counted} cases, ${wide} more drawn whose bound was too wide to tell anything; seed ${args.seed}\n`,
);
console.log(
  "| engine | layers | cases | derived: median | 99% | worst | running: median | 99% | worst |\n" +
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
);
for (const [key, { derived, running: carried }] of [...ratios].sort()) {
  const [a, b] = [derived, carried].map((list) => list.filter((r) => r > 0).sort((x, y) => x - y));
  if (a.length === 0) continue;
  const show = (x) => (x === undefined ? "" : x < 1e-3 ? x.toExponential(1) : x.toFixed(3));
  const spread = [a, b].flatMap((list) => [0.5, 0.99, 1].map((share) => show(at(list, share))));
  console.log(`| ${[key.replace("\t", " | "), derived.length, ...spread].join(" | ")} |`);
}
