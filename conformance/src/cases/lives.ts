import * as fc from "fast-check";
import { type Case, describeCase } from "./case.js";
import { cases, reweighted } from "./cases.js";

/** Something that is done with one engine and the models on it. Numbers choose among what is there. */
export type Act =
  /** Whole sequences, one or two of them at once. */
  | { readonly do: "sequence"; readonly runs: readonly RunChoice[] }
  /** Some steps, each from the state of the one before. */
  | { readonly do: "step"; readonly run: RunChoice; readonly steps: number }
  /** Steps of two streams, in turn. */
  | { readonly do: "streams"; readonly runs: readonly RunChoice[]; readonly steps: number }
  /** A run whose input doesn't fit. */
  | { readonly do: "fail"; readonly model: number }
  | { readonly do: "rebind"; readonly model: number; readonly seed: number }
  /** A kept state away from the engine and back, or as JSON. */
  | { readonly do: "move"; readonly state: number; readonly as: "arrays" | "json" }
  | { readonly do: "forget"; readonly state: number }
  /** A model disposed while a run is under way. It is compiled again when it is next used. */
  | { readonly do: "dispose"; readonly run: RunChoice };

/** What a run is given. */
export interface RunChoice {
  readonly model: number;
  readonly batch: number;
  readonly time: number;
  readonly seed: number;
  readonly extent: "none" | "lengths" | "mask";
  /** Which of the kept states it goes on from; null for none. */
  readonly state: number | null;
}

/** Models, and what is done with them, one thing after the other. */
export interface Life {
  readonly models: readonly Case[];
  readonly acts: readonly Act[];
}

const run: fc.Arbitrary<RunChoice> = fc.record({
  model: fc.nat({ max: 1 }),
  batch: fc.integer({ min: 1, max: 4 }),
  time: fc.integer({ min: 1, max: 6 }),
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
  extent: fc.constantFrom("none", "none", "lengths", "mask"),
  state: fc.option(fc.nat({ max: 7 })),
});
const pair = fc.array(run, { minLength: 1, maxLength: 2 });
const steps = fc.integer({ min: 1, max: 3 });

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("sequence" as const), runs: pair }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("step" as const), run, steps }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("streams" as const), runs: pair, steps }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), model: fc.nat({ max: 1 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("rebind" as const),
      model: fc.nat({ max: 1 }),
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("move" as const),
      state: fc.nat({ max: 7 }),
      as: fc.constantFrom("arrays", "json"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget" as const), state: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("dispose" as const), run }) },
);

/** A model, two that differ, or two of the same layers with weights of their own. */
function models(): fc.Arbitrary<readonly Case[]> {
  const alone = cases({ axes: false, extent: "none", bounded: true });
  const seeded = fc.tuple(alone, fc.integer({ min: 1, max: 2 ** 30 }));
  return fc.oneof(
    { weight: 3, arbitrary: fc.array(alone, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: seeded.map(([one, seed]) => [one, reweighted(one, seed)]) },
  );
}

/** Lives of an engine; they shrink to few models and few acts. */
export const lives = (): fc.Arbitrary<Life> =>
  fc.record({
    models: models(),
    acts: fc.array(act, { minLength: 1, maxLength: 10, size: "max" }),
  });

/** Two small models, of cells that differ, for lives that are written rather than drawn. */
const pairOfModels = (): readonly Case[] =>
  fc.sample(cases({ axes: false, extent: "none", bounded: true, depth: 1, custom: false, steppable: true }), {
    seed: 11,
    numRuns: 2,
  });

const on = (model: number, batch: number, time: number, rest: Partial<RunChoice> = {}): RunChoice => ({
  model,
  batch,
  time,
  seed: 17 * model + 5 * batch + time,
  extent: "none",
  state: null,
  ...rest,
});

const sequence = (...runs: RunChoice[]): Act => ({ do: "sequence", runs });

/** Orders of calls that engines have been wrong for, and that chance seldom draws. */
const knownOrders: readonly (readonly Act[])[] = [
  // A fifth shape, and the first again.
  [1, 2, 3, 4, 5, 1].map((batch) => sequence(on(0, batch, batch + 1))),
  // As many numbers as before, in another shape.
  [sequence(on(0, 2, 3)), sequence(on(0, 3, 2)), sequence(on(0, 6, 1)), sequence(on(0, 1, 6))],
  // Everything real after rows that ended early, and the other way round.
  [
    sequence(on(0, 3, 4, { extent: "lengths" })),
    sequence(on(0, 3, 4)),
    sequence(on(0, 3, 4, { extent: "mask" })),
    sequence(on(0, 3, 4, { extent: "lengths", seed: 9 })),
  ],
  // Steps from the state that a sequence left on the engine, twice from one state.
  [
    sequence(on(0, 2, 3)),
    { do: "step", run: on(0, 2, 1, { state: 0 }), steps: 3 },
    { do: "step", run: on(0, 2, 1, { state: 0, seed: 3 }), steps: 2 },
  ],
  // Two runs at once: of one model, and of two.
  [sequence(on(0, 2, 3), on(0, 2, 3, { seed: 4 })), sequence(on(0, 1, 2), on(1, 3, 2))],
  // A good run after one that failed.
  [sequence(on(0, 2, 2)), { do: "fail", model: 0 }, sequence(on(0, 2, 2, { seed: 8 }))],
  // One model disposed while the other is in use; and the first compiled again.
  [
    sequence(on(0, 2, 2)),
    sequence(on(1, 2, 2)),
    { do: "dispose", run: on(0, 2, 2) },
    sequence(on(1, 2, 3)),
    { do: "step", run: on(1, 2, 1, { state: 0 }), steps: 2 },
    sequence(on(0, 1, 3)),
  ],
  // States that leave the engine and come back, and streams beside them.
  [
    sequence(on(0, 2, 3)),
    { do: "move", state: 0, as: "arrays" },
    { do: "step", run: on(0, 2, 1, { state: 0 }), steps: 2 },
    { do: "move", state: 1, as: "json" },
    { do: "forget", state: 0 },
    { do: "step", run: on(0, 2, 1, { state: 0, seed: 5 }), steps: 1 },
    { do: "streams", runs: [on(0, 1, 1), on(1, 2, 1)], steps: 3 },
  ],
  // Steps after new weights, from states of the old ones.
  [
    sequence(on(0, 2, 3)),
    { do: "rebind", model: 0, seed: 6 },
    { do: "step", run: on(0, 2, 1, { state: 0 }), steps: 2 },
    sequence(on(0, 2, 3, { seed: 2 })),
  ],
];

/** What an act is counted as. */
export function kindOfAct(given: Act): string {
  if (given.do === "move") return `state to ${given.as} and back`;
  if (given.do !== "sequence") return given.do;
  return given.runs.length === 1 ? "sequence" : "two sequences at once";
}

/** Every kind of act. */
export const kindsOfActs: readonly string[] = [
  "sequence",
  "two sequences at once",
  "step",
  "streams",
  "fail",
  "rebind",
  "state to arrays and back",
  "state to json and back",
  "forget",
  "dispose",
];

/** What is done with two models of the same layers: each runs on its own weights. */
const ofTwins: readonly Act[] = [
  sequence(on(0, 2, 3)),
  sequence(on(1, 2, 3)),
  sequence(on(0, 2, 3, { seed: 3 }), on(1, 2, 3, { seed: 3 })),
  { do: "step", run: on(1, 2, 1), steps: 2 },
  { do: "dispose", run: on(0, 2, 2) },
  sequence(on(1, 1, 2)),
  { do: "step", run: on(0, 2, 1), steps: 2 },
];

/** Lives of two models in {@link knownOrders}, and of two of the same layers. */
export function knownLives(): readonly Life[] {
  const two = pairOfModels();
  return [
    ...knownOrders.map((acts) => ({ models: two, acts })),
    ...two.map((one) => ({ models: [one, reweighted(one, 5)], acts: ofTwins })),
  ];
}

const runText = ({ batch, time, extent, state }: RunChoice): string =>
  [
    `x[${batch}, ${time}]`,
    ...(extent === "none" ? [] : [extent]),
    ...(state === null ? [] : [`from state ${state}`]),
  ].join(", ");

function actText(given: Act): string {
  switch (given.do) {
    case "sequence": {
      const each = given.runs.map((one) => `m${one.model}.sequence(${runText(one)})`);
      return each.length === 1 ? `await ${each[0]}` : `await Promise.all([${each.join(", ")}])`;
    }
    case "step":
      return `${given.steps} x await m${given.run.model}.step(${runText(given.run)})`;
    case "streams":
      return `${given.steps} x steps of streams ${given.runs
        .map((one) => `m${one.model} (${runText(one)})`)
        .join(" and ")}`;
    case "fail":
      return `m${given.model}.sequence(what does not fit)`;
    case "rebind":
      return `await m${given.model}.rebind(others)`;
    case "move":
      return `state ${given.state} to ${given.as} and back`;
    case "forget":
      return `state ${given.state}.dispose()`;
    case "dispose":
      return `m${given.run.model}.sequence(${runText(given.run)}); m${given.run.model}.dispose()`;
    default:
      return given satisfies never;
  }
}

/** A life as a short script. */
export const describeLife = ({ models, acts }: Life): string =>
  [...models.map((given, k) => `m${k} = ${describeCase(given).split(";")[0]}`), ...acts.map(actText)].join(
    "; ",
  );
