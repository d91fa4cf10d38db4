import {
  type Adapter,
  bidirectional,
  builtin,
  type CellSpec,
  type HostTensor,
  input,
  type LayerSpec,
  recurrent,
  simpleRnnCell,
  spec,
  tensor,
} from "@unroll/api";
import type { DeviceTensor, Executable } from "@unroll/api/adapter";
import type { Case } from "../src/cases/case.js";
import { caseOn, weightsOf } from "../src/cases/cases.js";
import { dialects } from "../src/dialects.js";
import { broken } from "../src/faults/planting/fault.js";
import type { Subject } from "../src/properties/property.js";

/** An adapter as a property judges it. */
export const subjectOf = (adapter: Adapter, rest: Partial<Subject> = {}): Subject => ({
  adapter,
  partner: builtin(),
  alive: () => 0,
  dialects,
  ...rest,
});

/**
 * The builtin engine as one whose results are in memory of its own, and how many executables and results it
 * has that nobody has disposed.
 */
export function counting(honest: Adapter = builtin()): { adapter: Adapter; alive: () => number } {
  const alive = new Set<object>();
  const inside = new WeakMap<object, DeviceTensor>();
  const held = (result: DeviceTensor): DeviceTensor => {
    const { dtype, shape } = result;
    const own: DeviceTensor = {
      dtype,
      shape,
      read: () => result.read(),
      dispose() {
        alive.delete(own);
        result.dispose();
      },
    };
    alive.add(own);
    inside.set(own, result);
    return own;
  };
  const { name, device, capabilities } = honest;
  const adapter: Adapter = {
    name,
    device,
    capabilities: { ...capabilities, synchronous: false },
    async compile(program, weights) {
      const inner = await honest.compile(program, weights);
      alive.add(inner);
      return {
        async run(feeds) {
          const results = await inner.run(
            Object.fromEntries(Object.entries(feeds).map(([of, feed]) => [of, inside.get(feed) ?? feed])),
          );
          return Object.fromEntries(Object.entries(results).map(([of, one]) => [of, held(one)]));
        },
        rebind: (others) => inner.rebind!(others),
        dispose() {
          alive.delete(inner);
          inner.dispose();
        },
      } satisfies Executable;
    },
  };
  return { adapter, alive: () => alive.size };
}

/** Waits for what an engine frees a little later. */
export async function settled(alive: () => number): Promise<number> {
  for (let n = 0; n < 50 && alive() !== 0; n++)
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  return alive();
}

/** A case whose values explode, so that its bound is wider than anything that could be wrong. */
export function exploding(layers: "one" | "two" | "both ways", rest: Partial<Case> = {}): Case {
  const grown = (inputSize: number): CellSpec =>
    simpleRnnCell({ inputSize, units: 2, activation: "linear", bias: "none" });
  const [cell, next] = [grown(1), grown(2)];
  const all = {
    one: [recurrent({ name: "layer0", input: "x", cell })],
    two: [
      recurrent({ name: "layer0", input: "x", cell }),
      recurrent({ name: "layer1", input: "layer0", cell: next }),
    ],
    "both ways": [bidirectional({ name: "layer0", input: "x", forward: cell, backward: cell })],
  }[layers];
  const of = spec({ name: "case", inputs: [input({ name: "x", shape: [1] })], layers: all });
  const square = tensor([100, 100, 100, 100], [2, 2]);
  const names = {
    one: ["layer0"],
    two: ["layer0", "layer1"],
    "both ways": ["layer0.forward", "layer0.backward"],
  };
  const weights = Object.fromEntries(
    names[layers].flatMap((name, k): [string, HostTensor][] => [
      [`${name}.kernel`, k === 1 && layers === "two" ? square : tensor([100, 100], [1, 2])],
      [`${name}.recurrentKernel`, square],
    ]),
  );
  const x = tensor(new Float32Array(10).fill(1), [2, 5, 1]);
  const none = { lengths: null, mask: null, memory: null, state: null, cuts: [2] };
  return { spec: of, weights, batch: 2, time: 5, x, ...none, ...rest };
}

/** An engine whose runs are changed one by one, by how many there were before of any executable. */
export function changing(
  change: (results: Record<string, HostTensor>, run: number, name: string) => Record<string, HostTensor>,
): Adapter {
  let runs = 0;
  return broken(builtin(), {
    results: (results, { program }) => change({ ...results }, runs++, program.name),
  });
}
export const doubled = (held: HostTensor): HostTensor =>
  held.dtype === "float32" ? { ...held, data: held.data.map((value) => 1.5 * value + 0.5) } : held;
export const all = (results: Record<string, HostTensor>): Record<string, HostTensor> =>
  Object.fromEntries(Object.entries(results).map(([name, held]) => [name, doubled(held)]));

/** A case of some layers after each other, on an input `x` of two numbers each step, from no state. */
export function caseOfLayers(
  layers: readonly LayerSpec[],
  { returned, run }: { readonly returned?: readonly string[]; readonly run?: Partial<Case> } = {},
): Case {
  const inputs = [input({ name: "x", shape: [2] })];
  const of = spec({ name: "case", inputs, layers, ...(returned && { outputs: returned }) });
  const weights = weightsOf(of, { seed: 3, fine: true }, 1);
  const given = caseOn(
    { spec: of, weights },
    { seed: 4, batch: run?.batch ?? 2, time: run?.time ?? 3, extent: "none" },
  );
  return { ...given, ...run };
}
