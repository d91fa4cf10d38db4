import * as fc from "fast-check";
import { type Case, describeCase } from "./case.js";
import { cases } from "./cases.js";

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

/** Lives of an engine; they shrink to few models and few acts. */
export const lives = (): fc.Arbitrary<Life> =>
  fc.record({
    models: fc.array(cases({ axes: false, extent: "none", bounded: true }), { minLength: 1, maxLength: 2 }),
    acts: fc.array(act, { minLength: 1, maxLength: 10, size: "max" }),
  });

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
