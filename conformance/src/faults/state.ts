import { fault, type Fault } from "./planting/fault.js";
import { changeElements, isState } from "./planting/results.js";

/** States on their way in, out and from step to step. */
export const state: readonly Fault[] = [
  fault("initial-state-ignored", "the initial state given is not used", "wrappers that drop initial_state", {
    feeds: (feeds) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [
          name,
          isState(name) ? ({ ...feed, data: feed.data.map(() => 0) } as typeof feed) : feed,
        ]),
      ),
  }),
  fault(
    "state-dropped-between-steps",
    "every step starts from zeros",
    "a state that is returned and not fed back",
    {
      feeds: (feeds, { program }) =>
        program.name.includes(" step")
          ? Object.fromEntries(
              Object.entries(feeds).map(([name, feed]) => [
                name,
                isState(name) ? ({ ...feed, data: feed.data.map(() => 0) } as typeof feed) : feed,
              ]),
            )
          : feeds,
    },
  ),
  fault(
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
  ),
  fault(
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
  ),
  fault(
    "state-kept-across-runs",
    "a run without a state starts from where the last one ended",
    "stateful=True by accident",
    {
      feeds: (feeds, { memory }) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, feed]) => {
            const kept = memory[name] as typeof feed | undefined;
            return [
              name,
              isState(name) &&
              kept &&
              feed.data.every((value) => value === 0) &&
              kept.data.length === feed.data.length
                ? kept
                : feed,
            ];
          }),
        ),
      results: (results, { memory }) => {
        for (const [name, held] of Object.entries(results)) if (isState(name)) memory[name] = held;
        return results;
      },
    },
  ),
  fault(
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
  ),
  fault("c-clipped", "the cell state is clipped to -1 and 1", "cell_clip of TensorFlow 1, clip of ONNX", {
    results: changeElements(
      (value) => Math.max(-1, Math.min(1, value)),
      (name) => name.endsWith(".c"),
    ),
  }),
  fault(
    "one-state-for-all-streams",
    "a step goes on from where the last step ended, whichever stream that was of",
    "a server whose model keeps the state of its one conversation inside",
    {
      feeds: (feeds, { program, memory }) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, feed]) => {
            const kept = memory[name] as typeof feed | undefined;
            const goesOn =
              program.name.includes(" step") && isState(name) && feed.data.some((value) => value !== 0);
            return [name, goesOn && kept && kept.data.length === feed.data.length ? kept : feed];
          }),
        ),
      results: (results, { memory }) => {
        for (const [name, held] of Object.entries(results)) if (isState(name)) memory[name] = held;
        return results;
      },
    },
  ),
];
