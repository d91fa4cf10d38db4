import type { WeightMap } from "@unroll/api";
import { broken, type Fault } from "./break.js";

export const rebindKeepsAPackedWeight: Fault = {
  id: "rebind-keeps-a-packed-weight",
  title: "weights bound anew leave recurrent kernels as they were packed before",
  seen: "weights cached in another layout and not thrown away when they change",
  breakEngine: (honest) => {
    const through = broken(honest, {});
    return {
      ...through,
      async compile(program, first) {
        let executable = await through.compile(program, first);
        return {
          run: (feeds) => executable.run(feeds),
          async rebind(weights: WeightMap) {
            const kept = Object.entries(first).filter(([name]) => name.endsWith("recurrentKernel"));
            executable = await through.compile(program, { ...weights, ...Object.fromEntries(kept) });
          },
          dispose: () => executable.dispose(),
        };
      },
    };
  },
};

export const rebindOnlyForNewSizes: Fault = {
  id: "rebind-only-for-new-sizes",
  title: "weights bound anew reach only runs of sizes that there were none of before",
  seen: "constants folded into a plan that is cached by its shapes",
  breakEngine: (honest) => {
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
};
