import { fault } from "./break.js";

export const maskInverted = fault(
  "mask-inverted",
  "a mask keeps what it should drop",
  "true means masked in torch attention, real in Keras",
  {
    feeds: (feeds) =>
      feeds["mask"]
        ? {
            ...feeds,
            mask: {
              ...feeds["mask"],
              data: feeds["mask"].data.map((value) => 1 - value),
            } as (typeof feeds)[string],
          }
        : feeds,
  },
);
