import { broken, fault, type Fault, fire } from "./planting/fault.js";
import { changeElements, isState } from "./planting/results.js";
import type { Tensors } from "./planting/differ.js";
import { unrollError, type Executable } from "@unroll/api/adapter";
import type { Adapter } from "@unroll/api";

/** A fault of how an engine is called, whatever it computes. */
const faultOfCalls = (
  id: string,
  title: string,
  seen: string,
  how: (honest: Executable, all: Executable[], fired: () => void) => Executable,
): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest: Adapter, planted) => {
    const { compileSync: _, ...through } = broken(honest, {});
    const all: Executable[] = [];
    return {
      ...through,
      async compile(program, weights) {
        const executable = await through.compile(program, weights);
        all.push(executable);
        return how(executable, all, () => fire(planted));
      },
    };
  },
});

/** What shows only in how an engine is called: in which order, at once, with which sizes before. */
export const calls: readonly Fault[] = [
  fault(
    "fifth-shape-is-the-first",
    "an executable that has met four other shapes gives the results of the first when it sees that again",
    "caches of plans that evict the wrong one",
    {
      results: (results, { feeds, memory }) => {
        const key = Object.values(feeds)
          .map(({ shape }) => shape.join())
          .join(" ");
        const met = (memory["met"] ??= new Map<string, Tensors>()) as Map<string, Tensors>;
        const before = met.get(key);
        if (before && met.size > 2) return before;
        met.set(key, results);
        return results;
      },
    },
  ),
  faultOfCalls(
    "runs-at-once-exchanged",
    "a run that is asked for while another is under way gets half of that one's results",
    "ONNX Runtime's web sessions refused it; engines that queue by slot mix them up",
    (honest, _all, fired) => {
      let under = 0;
      return {
        async run(feeds) {
          const others = under++;
          await Promise.resolve();
          try {
            const results = await honest.run(feeds);
            if (others === 0) return results;
            fired();
            for (const [name, result] of Object.entries(results)) {
              const held = await result.read();
              const data = Float32Array.from(held.data as Float32Array, (value) => value / 2);
              if (held.dtype === "float32")
                results[name] = {
                  dtype: held.dtype,
                  shape: held.shape,
                  read: async () => ({ ...held, data }),
                  readSync: () => ({ ...held, data }),
                  dispose: () => result.dispose(),
                };
            }
            return results;
          } finally {
            under--;
          }
        },
        dispose: () => honest.dispose(),
      };
    },
  ),
  faultOfCalls(
    "freed-under-a-run",
    "disposing a model frees every other executable of the engine too",
    "sessions that share one arena",
    (honest, all, fired) => {
      let [freed, own] = [false, false];
      const executable: Executable = {
        run(feeds) {
          if (freed && !own) fired();
          return honest.run(feeds);
        },
        dispose() {
          freed = true;
          honest.dispose();
        },
      };
      all[all.length - 1] = executable;
      return {
        ...executable,
        dispose() {
          own = true;
          all.forEach((one) => one.dispose());
        },
      };
    },
  ),
  fault(
    "every-fourth-run-is-stale",
    "every fourth run of an executable gives the results of the run before it",
    "double buffers that are exchanged once too often",
    {
      results: (results, { before, memory }) => {
        const last = memory["last"] as Tensors | undefined;
        memory["last"] = results;
        const fits = (one: Tensors): boolean =>
          Object.entries(one).every(([name, held]) => results[name]?.shape.join() === held.shape.join());
        return before % 4 === 3 && last && fits(last) ? last : results;
      },
    },
  ),
  faultOfCalls(
    "unsupported-only-when-run",
    "what is claimed is refused when it runs with more than two rows",
    "operators whose kernels look at shapes",
    (honest, _all, fired) => ({
      async run(feeds) {
        const rows = Object.values(feeds)[0]?.shape[0] ?? 0;
        if (rows > 2) {
          fired();
          throw unrollError({
            code: "UNROLL_UNSUPPORTED",
            place: "faulty run",
            expected: "two rows at most",
            got: `${rows}`,
            cure: "claim less",
          });
        }
        return honest.run(feeds);
      },
      dispose: () => honest.dispose(),
    }),
  ),
  fault(
    "results-of-another-type",
    "whole numbers and booleans come as floats",
    "engines whose textures hold floats alone",
    {
      results(results, { fired }) {
        // The numbers are the same, so that no comparison of them shows it.
        if (Object.values(results).some(({ dtype }) => dtype !== "float32")) fired();
        return Object.fromEntries(
          Object.entries(results).map(([name, held]) => [
            name,
            held.dtype === "float32" ? held : { ...held, data: Float32Array.from(held.data) as never },
          ]),
        );
      },
    },
  ),
  fault(
    "one-result-too-many",
    "a run returns a result that its program does not have",
    "intermediate values that an optimiser made outputs",
    {
      results: (results) => {
        const [first] = Object.values(results);
        return first ? { ...results, extra: first } : results;
      },
    },
  ),
  fault(
    "states-halved-after-five-runs",
    "after five runs of one executable its states are halved",
    "a counter that overflows into a flag",
    {
      results: (results, { before }) =>
        before < 5 ? results : changeElements((value) => value / 2, isState)(results),
    },
  ),
];
