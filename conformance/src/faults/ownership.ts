import { broken, fault, type Fault } from "./break.js";

export const aLeakPerStep: Fault = {
  id: "a-leak-per-step",
  title: "every run leaves one more object behind",
  seen: "TensorFlow.js outside of tidy",
  breakEngine: (honest, alive) =>
    broken(honest, {
      results: (results) => {
        alive.count++;
        return results;
      },
    }),
};

export const disposedCanBeRead: Fault = {
  id: "disposed-can-be-read",
  title: "a result can still be read after its dispose",
  seen: "freed memory that the next run takes over, in any engine with a pool",
  breakEngine: (honest) => {
    const through = broken(honest, {});
    return {
      ...through,
      async compile(program, weights) {
        const executable = await through.compile(program, weights);
        return {
          async run(feeds) {
            const results = await executable.run(feeds);
            const read = await Promise.all(
              Object.entries(results).map(
                async ([name, result]) => [name, result, await result.read()] as const,
              ),
            );
            return Object.fromEntries(
              read.map(([name, { dtype, shape }, held]) => [
                name,
                { dtype, shape, readSync: () => held, read: async () => held, dispose: () => undefined },
              ]),
            );
          },
          dispose: () => executable.dispose(),
        };
      },
    };
  },
};

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

export const notTheSameTwice = fault(
  "not-the-same-twice",
  "later runs differ in the last bits",
  "atomic additions in no order",
  {
    results: (results, { before }) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          {
            ...held,
            data: Float32Array.from(held.data as Float32Array, (value) => value * (1 + 2 ** -22 * before)),
          } as typeof held,
        ]),
      ),
  },
);
