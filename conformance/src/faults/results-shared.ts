import { fault } from "./break.js";

export const resultsShared = fault(
  "results-shared",
  "every run returns the same memory",
  "a preallocated output handed out",
  {
    results: (results, { memory }) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => {
          const shared = memory[name] as typeof held | undefined;
          if (!shared || shared.data.length !== held.data.length)
            return [name, (memory[name] = held) as typeof held];
          (shared.data as Float32Array).set(held.data);
          return [name, { ...held, data: shared.data } as typeof held];
        }),
      ),
  },
);
