import { fault, isState } from "./break.js";

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
