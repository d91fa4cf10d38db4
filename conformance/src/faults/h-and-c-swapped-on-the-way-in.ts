import { fault } from "./break.js";

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
