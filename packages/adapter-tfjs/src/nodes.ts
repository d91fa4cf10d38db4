import {
  type CompositeClaim,
  type CompositeNode,
  type HostTensor,
  type Node,
  type PrimitiveName,
  type ScanNode,
  type ValueId,
} from "@unroll/api/adapter";
import { activation, activationComposites, activationNames } from "./activations.js";
import { elementOf } from "./elements.js";
import type { TfTensor } from "./library.js";
import { primitiveKernels, type Workshop } from "./primitives.js";
import { composedRecurrence } from "./recurrent/composed.js";
import { hostRecurrence } from "./recurrent/host-kernel.js";
import { recurrenceOf } from "./recurrent/recurrence.js";

/** The values of one region while it runs, by slot. */
export type Environment = TfTensor[];

/** A node made ready: reads its operands from the environment and writes its results there. */
export type Step = (environment: Environment) => void;

/** What a region's nodes are made ready with. */
export interface Scope {
  readonly workshop: Workshop;
  /** Whether the recurrence runs as a kernel of ours over host memory. */
  readonly hostKernels: boolean;
  /** Slot of a value. */
  slot(id: ValueId): number;
  /** The weight a value is, if it is one. */
  weight(id: ValueId): HostTensor | undefined;
}

const weights = ["kernel", "recurrentKernel", "inputBias", "recurrentBias"];

const floats = (names: readonly string[]): CompositeClaim["inputs"] =>
  Object.fromEntries(names.map((name) => [name, "float32"]));

const time: CompositeClaim["attrs"] = {
  reverse: [true, false],
  maskedOutput: ["zero", "hold"],
  heldStart: ["zeros", "initialState"],
};

/** Attributes of each recurrent composite that say what it computes, with the values that run here. */
const mathematics: Readonly<Record<string, NonNullable<CompositeClaim["attrs"]>>> = {
  lstm: {
    activation: activationNames,
    recurrentActivation: activationNames,
    outputActivation: activationNames,
  },
  gru: { activation: activationNames, recurrentActivation: activationNames, resetAfter: [true, false] },
  simpleRnn: { activation: activationNames },
};

const recurrentClaims: Readonly<Record<string, CompositeClaim>> = Object.fromEntries(
  Object.entries(mathematics).flatMap(([name, attrs]): [string, CompositeClaim][] => {
    const inputs = floats(["x", "h", ...(name === "lstm" ? ["c"] : []), ...weights]);
    const overTime = { ...inputs, lengths: "int32" as const, mask: "bool" as const };
    return [
      [name, { inputs: overTime, attrs: { ...attrs, ...time }, weights }],
      [`${name}Cell`, { inputs, attrs, weights }],
    ];
  }),
);

const recurrent = Object.keys(recurrentClaims);

/** Composites this adapter runs its own way. Weights are packed when a program is compiled. */
export const claims: Readonly<Record<string, CompositeClaim>> = {
  ...recurrentClaims,
  ...Object.fromEntries(
    ["softmax", "logSoftmax", ...activationComposites].map((name) => [name, { inputs: floats(["x"]) }]),
  ),
};

/** Makes one node ready. */
export function ready(node: Node, scope: Scope): Step {
  const outputs = node.outputs.map((output) => scope.slot(output.id));
  switch (node.kind) {
    case "primitive": {
      const kernel = primitiveKernels[node.op as PrimitiveName](scope.workshop, node.attrs);
      return single(
        kernel,
        node.inputs.map((id) => scope.slot(id)),
        outputs[0]!,
      );
    }
    case "scan":
      return scan(node, scope, outputs);
    case "composite":
      return composite(node, scope, outputs);
    default:
      return node satisfies never;
  }
}

/** Fixed numbers of operands, so that a step of a stream builds no more arrays than it must. */
function single(
  kernel: (operands: readonly TfTensor[]) => TfTensor,
  inputs: readonly number[],
  output: number,
): Step {
  const [a, b] = inputs as [number, number];
  switch (inputs.length) {
    case 1:
      return (env) => {
        env[output] = kernel([env[a]!]);
      };
    case 2:
      return (env) => {
        env[output] = kernel([env[a]!, env[b]!]);
      };
    default:
      return (env) => {
        env[output] = kernel(inputs.map((k) => env[k]!));
      };
  }
}

function composite(node: CompositeNode, scope: Scope, outputs: readonly number[]): Step {
  const { workshop } = scope;
  const slotOf = (name: string): number => scope.slot(node.inputs[node.inputNames.indexOf(name)]!);
  if (!recurrent.includes(node.op)) {
    const run =
      node.op === "softmax"
        ? (x: TfTensor) => workshop.tf.softmax(x)
        : node.op === "logSoftmax"
          ? (x: TfTensor) => workshop.tf.logSoftmax(x)
          : activation(workshop, node.op);
    return single(([x]) => run(x!), [slotOf("x")], outputs[0]!);
  }
  const weight = (name: string): HostTensor | undefined =>
    node.inputNames.includes(name) ? scope.weight(node.inputs[node.inputNames.indexOf(name)]!) : undefined;
  const recurrence = recurrenceOf(node, weight, workshop);
  const run = scope.hostKernels
    ? hostRecurrence(workshop.tf, recurrence)
    : composedRecurrence(workshop, recurrence);
  const named = node.inputNames
    .filter((name) => !weights.includes(name))
    .map((name) => [name, slotOf(name)] as const);
  return (env) => {
    const operands: Record<string, TfTensor> = {};
    for (const [name, slot] of named) operands[name] = env[slot]!;
    const results = run(operands);
    for (let k = 0; k < outputs.length; k++) env[outputs[k]!] = results[k]!;
  };
}

function scan(node: ScanNode, scope: Scope, outputs: readonly number[]): Step {
  const { tf } = scope.workshop;
  const slots = new Map<ValueId, number>();
  const slot = (id: ValueId): number => {
    const known = slots.get(id);
    if (known !== undefined) return known;
    slots.set(id, slots.size);
    return slots.size - 1;
  };
  const inner = node.body.inputs.map((input) => slot(input.id));
  const steps = node.body.nodes.map((n) => ready(n, { ...scope, slot, weight: () => undefined }));
  const results = node.body.outputs.map(slot);
  const given = node.inputs.map((id) => scope.slot(id));
  const { carries, sequences, reverse } = node;

  return (env) => {
    const time = env[given[carries]!]!.shape[0]!;
    let carried = given.slice(0, carries).map((k) => env[k]!);
    const stacked = results.slice(carries).map(() => new Array<TfTensor>(time));
    for (let s = 0; s < time; s++) {
      const t = reverse ? time - 1 - s : s;
      const made = tf.engine().tidy(() => {
        const local: Environment = [];
        inner.forEach((to, k) => {
          const from = env[given[k]!]!;
          if (k < carries) local[to] = carried[k]!;
          else if (k >= carries + sequences) local[to] = from;
          else local[to] = elementOf(scope.workshop, from, t);
        });
        for (const step of steps) step(local);
        return results.map((k) => local[k]!);
      });
      carried = made.slice(0, carries);
      stacked.forEach((list, k) => {
        list[t] = made[carries + k]!;
      });
    }
    carried.forEach((value, k) => {
      env[outputs[k]!] = value;
    });
    stacked.forEach((list, k) => {
      env[outputs[carries + k]!] = tf.stack(list, 0);
    });
  };
}
