import { changeScans, fault, isState } from "./break.js";

export const hAndCSwappedOnTheWayIn = fault(
  "h-and-c-swapped-on-the-way-in",
  "h and c of an LSTM are exchanged in the initial state",
  "TensorFlow 1 has (c, h), everyone else (h, c)",
  {
    feeds: (feeds) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [
          name,
          feeds[name.replace(/\.[hc]$/, (part) => (part === ".h" ? ".c" : ".h"))] ?? feed,
        ]),
      ),
  },
);

export const hAndCSwappedOnTheWayOut = fault(
  "h-and-c-swapped-on-the-way-out",
  "h and c of an LSTM are exchanged in the state returned",
  "TensorFlow 1 has (c, h), everyone else (h, c)",
  {
    results: (results) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          (isState(name)
            ? results[name.replace(/\.[hc]$/, (part) => (part === ".h" ? ".c" : ".h"))]
            : undefined) ?? held,
        ]),
      ),
  },
);

export const initialStateIgnored = fault(
  "initial-state-ignored",
  "the initial state given is not used",
  "wrappers that drop initial_state",
  {
    feeds: (feeds) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [
          name,
          isState(name) ? ({ ...feed, data: new Float32Array(feed.data.length) } as typeof feed) : feed,
        ]),
      ),
  },
);

export const stateDroppedBetweenSteps = fault(
  "state-dropped-between-steps",
  "every step starts from zeros",
  "a state that is returned and not fed back",
  {
    feeds: (feeds, { program }) =>
      program.name.includes(" step")
        ? Object.fromEntries(
            Object.entries(feeds).map(([name, feed]) => [
              name,
              isState(name) ? ({ ...feed, data: new Float32Array(feed.data.length) } as typeof feed) : feed,
            ]),
          )
        : feeds,
  },
);

export const stateKeptAcrossRuns = fault(
  "state-kept-across-runs",
  "a run without a state starts from where the last one ended",
  "stateful=True by accident",
  {
    feeds: (feeds, { memory }) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => {
          const kept = memory[name] as typeof feed | undefined;
          return [
            name,
            isState(name) &&
            kept &&
            feed.data.every((value) => value === 0) &&
            kept.data.length === feed.data.length
              ? kept
              : feed,
          ];
        }),
      ),
    results: (results, { memory }) => {
      for (const [name, held] of Object.entries(results)) if (isState(name)) memory[name] = held;
      return results;
    },
  },
);

export const stateOfTheStepBefore = fault(
  "state-of-the-step-before",
  "the state returned is the one that was given",
  "a state read before it is written",
  {
    results: (results, { feeds }) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          isState(name) && feeds[name] ? feeds[name] : held,
        ]),
      ),
  },
);

export const outputIsTheFirstCarry = fault(
  "output-is-the-first-carry",
  "a loop puts out its first state part, whatever the cell puts out",
  "Keras on JAX and NumPy, which take states[0] for the output",
  changeScans((scan) => {
    const typeOf = (k: number): string =>
      JSON.stringify(k < scan.carries ? scan.outputs[k]!.type.shape : scan.outputs[k]!.type.shape.slice(1));
    return {
      ...scan,
      body: {
        ...scan.body,
        outputs: scan.body.outputs.map((id, k) =>
          k >= scan.carries && typeOf(k) === typeOf(0) ? scan.body.outputs[0]! : id,
        ),
      },
    };
  }),
);
