import { type Adapter, builtin, type Capabilities } from "@unroll/api";
import { type Feed, type HostTensor, tensor } from "@unroll/api/adapter";
import type { Numbers } from "../oracle/primitives.js";
import { type Arithmetic, Evaluator, type Kernel } from "./evaluator.js";
import { Held } from "./memory.js";

const hostOf = (feed: Feed): HostTensor => ("data" in feed ? feed : (feed as Held).contents());

/** Primitives alone, and nothing at once. */
const plain: Capabilities = { ...builtin().capabilities, composites: {}, synchronous: false };

/** An engine that evaluates programs as they are written, in an arithmetic of its own. */
export function evaluating(
  name: string,
  arithmetic: Arithmetic,
  kernels: Readonly<Record<string, Kernel>> = {},
): Adapter {
  return {
    name,
    device: "cpu",
    capabilities: { ...plain, precision: arithmetic.precision ?? "f32" },
    async compile(given, weights) {
      const evaluator = new Evaluator(arithmetic, kernels);
      const program = evaluator.prepared(given);
      const params = program.params.map(({ name: own, id }) => [id, evaluator.held(weights[own]!)] as const);
      return {
        async run(feeds) {
          const values = new Map<string, Numbers>(params);
          for (const { name: own, id } of program.inputs) values.set(id, evaluator.held(hostOf(feeds[own]!)));
          evaluator.run(program.nodes, values);
          return Object.fromEntries(
            program.outputs.map(({ name: own, id }) => {
              const { dtype, shape, data } = values.get(id)!;
              return [own, new Held(tensor(Array.from(data), shape, dtype))];
            }),
          );
        },
        dispose: () => undefined,
      };
    },
  };
}
