import type { WeightMap } from "@unroll/api";
import type { DeviceTensor, HostTensor } from "@unroll/api/adapter";
import { differ } from "./planting/differ.js";
import { broken, fault, type Fault, fire } from "./planting/fault.js";

/** What lives too long or is written over: inputs, results, objects, and weights bound before. */
export const lifetimes: readonly Fault[] = [
  fault("feeds-overwritten", "the input is scaled in place", "an operator that writes into its operand", {
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
  }),
  fault("results-shared", "every run returns the same memory", "a preallocated output handed out", {
    results: (results, { memory, fired }) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => {
          const shared = memory[name] as typeof held | undefined;
          if (!shared || shared.data.length !== held.data.length)
            return [name, (memory[name] = held) as typeof held];
          (shared.data as Float32Array).set(held.data);
          fired();
          return [name, { ...held, data: shared.data } as typeof held];
        }),
      ),
  }),
  fault("not-the-same-twice", "later runs differ in the last bits", "atomic additions in no order", {
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
  }),
  {
    id: "a-leak-per-step",
    title: "every run leaves one more object behind",
    seen: "TensorFlow.js outside of tidy",
    breakEngine: (honest, alive) =>
      broken(honest, {
        results: (results) => {
          alive.count++;
          fire(alive);
          return results;
        },
      }),
  },
  {
    id: "disposed-can-be-read",
    title: "a result can still be read after its dispose",
    seen: "freed memory that the next run takes over, in any engine with a pool",
    breakEngine: (honest, planted) => {
      const through = broken(honest, {});
      const unfreed = ({ dtype, shape }: DeviceTensor, held: HostTensor): DeviceTensor => {
        let disposed = false;
        const readSync = (): HostTensor => {
          if (disposed) fire(planted);
          return held;
        };
        return {
          dtype,
          shape,
          readSync,
          read: async () => readSync(),
          dispose() {
            disposed = true;
          },
        };
      };
      return {
        ...through,
        async compile(program, weights) {
          const executable = await through.compile(program, weights);
          return {
            async run(feeds) {
              const results = await executable.run(feeds);
              return Object.fromEntries(
                await Promise.all(
                  Object.entries(results).map(
                    async ([name, result]) => [name, unfreed(result, await result.read())] as const,
                  ),
                ),
              );
            },
            dispose: () => executable.dispose(),
          };
        },
      };
    },
  },
  {
    id: "rebind-keeps-a-packed-weight",
    title: "weights bound anew leave recurrent kernels as they were packed before",
    seen: "weights cached in another layout and not thrown away when they change",
    breakEngine: (honest, planted) => {
      const through = broken(honest, {});
      return {
        ...through,
        async compile(program, first) {
          let executable = await through.compile(program, first);
          return {
            run: (feeds) => executable.run(feeds),
            async rebind(weights: WeightMap) {
              const kept = Object.entries(first).filter(([name]) => name.endsWith("recurrentKernel"));
              const stale = { ...weights, ...Object.fromEntries(kept) };
              if (differ(stale, weights)) fire(planted);
              executable = await through.compile(program, stale);
            },
            dispose: () => executable.dispose(),
          };
        },
      };
    },
  },
  {
    id: "rebind-only-for-new-sizes",
    title: "weights bound anew reach only runs of sizes that there were none of before",
    seen: "constants folded into a plan that is cached by its shapes",
    breakEngine: (honest, planted) => {
      const through = broken(honest, {});
      return {
        ...through,
        async compile(program, weights) {
          const before = await through.compile(program, weights);
          let after = before;
          const sizes = new Set<string>();
          return {
            run(feeds) {
              const size = JSON.stringify(Object.values(feeds).map(({ shape }) => shape));
              if (after === before) sizes.add(size);
              if (after !== before && sizes.has(size)) fire(planted);
              return (sizes.has(size) ? before : after).run(feeds);
            },
            async rebind(next) {
              after = await through.compile(program, next);
            },
            dispose() {
              before.dispose();
              after.dispose();
            },
          };
        },
      };
    },
  },
];
