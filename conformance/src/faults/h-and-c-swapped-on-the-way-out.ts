import { fault, isState } from "./break.js";

export const hAndCSwappedOnTheWayOut = fault(
  "h-and-c-swapped-on-the-way-out",
  "h and c of an LSTM are exchanged in the state returned",
  "TensorFlow 1 has (c, h), everyone else (h, c)",
  {
    results: (results) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          (isState(name)
            ? results[name.replace(/\.[hc]$/, (part) => (part === ".h" ? ".c" : ".h"))]
            : undefined) ?? held,
        ]),
      ),
  },
);
