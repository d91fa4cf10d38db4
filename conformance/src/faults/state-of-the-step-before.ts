import { fault, isState } from "./break.js";

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
