import { fault, isState } from "./break.js";

export const paddingLeaksIn = fault(
  "padding-leaks-in",
  "padding is multiplied by 0 instead of left out, so NaN and infinity come through",
  "masks applied as factors",
  {
    results: (results, { feeds }) => {
      if (!feeds["lengths"] && !feeds["mask"]) return results;
      const leak = Object.values(feeds)
        .filter(({ dtype }) => dtype === "float32")
        .some(({ data }) => !data.every(Number.isFinite))
        ? NaN
        : 0;
      return Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          isState(name)
            ? ({
                ...held,
                data: Float32Array.from(held.data as Float32Array, (value) => value + leak),
              } as typeof held)
            : held,
        ]),
      );
    },
  },
);
