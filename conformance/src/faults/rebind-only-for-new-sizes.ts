import { broken, type Fault } from "./break.js";

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
