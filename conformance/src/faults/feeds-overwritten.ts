import { fault } from "./break.js";

export const feedsOverwritten = fault(
  "feeds-overwritten",
  "the input is scaled in place",
  "an operator that writes into its operand",
  {
    feeds: (feeds) => {
      const given = Object.values(feeds).find(({ dtype }) => dtype === "float32");
      const before = given && given.data.slice();
      if (given && before) (given.data as Float32Array).set(before.map((value) => value * 1.5));
      return given && before
        ? Object.fromEntries(
            Object.entries(feeds).map(([name, feed]) => [
              name,
              feed === given ? ({ ...feed, data: before } as typeof feed) : feed,
            ]),
          )
        : feeds;
    },
  },
);
