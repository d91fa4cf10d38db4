import { fault, isState } from "./break.js";

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
