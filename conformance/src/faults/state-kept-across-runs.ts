import { fault, isState } from "./break.js";

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
