import type { Adapter } from "../contract/adapter.js";
import { type CompositeClaim, CONTRACT } from "../contract/capabilities.js";
import { VERSION } from "../version.js";
import { BuiltinExecutable } from "./executable.js";
import { loops } from "./kernels.js";
import type { Operations, OperationSet } from "./operation.js";

/**
 * The embedded engine with some of its operations. A model that needs others is refused by name when it is
 * compiled.
 *
 * ```ts
 * const adapter = builtinOf([lstmOperations, primitiveOperations]);
 * ```
 */
export function builtinOf(sets: readonly OperationSet[]): Adapter {
  const operations: Operations = {
    primitives: Object.assign({}, ...sets.map((set) => set.primitives)) as Operations["primitives"],
    composites: Object.assign({}, ...sets.map((set) => set.composites)) as Operations["composites"],
    control: sets.find((set) => set.control)?.control,
  };
  const { primitives, composites } = operations;
  const kernels = sets.map((set) => set.kernels).find((source) => source) ?? loops;
  const compileSync: NonNullable<Adapter["compileSync"]> = (program, weights) =>
    new BuiltinExecutable(program, weights, operations, kernels);
  return {
    name: "builtin",
    device: kernels.device,
    version: VERSION,
    capabilities: {
      contract: CONTRACT,
      primitives: Object.keys(primitives),
      composites: Object.fromEntries(
        Object.entries(composites).map(([name, { claim }]): [string, CompositeClaim] => [name, claim]),
      ),
      precision: "f32",
      synchronous: true,
      memory: "host",
    },
    compileSync,
    compile: async (program, weights) => compileSync(program, weights),
  };
}
