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
