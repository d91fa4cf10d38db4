import { fault } from "./break.js";

export const lengthsOneShort = fault(
  "lengths-one-short",
  "the last real step of each row is left out",
  "t <= len - 1 read as t < len - 1",
  {
    feeds: (feeds) =>
      feeds["lengths"]
        ? {
            ...feeds,
            lengths: {
              ...feeds["lengths"],
              data: feeds["lengths"].data.map((value) => Math.max(0, value - 1)),
            } as (typeof feeds)[string],
          }
        : feeds,
  },
);
