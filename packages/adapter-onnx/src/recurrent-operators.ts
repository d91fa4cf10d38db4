import {
  type CompositeClaim,
  type CompositeNode,
  gates,
  type HostTensor,
  onnxGates,
  onnxPeepholeGates,
  peepholeGates,
} from "@unroll/api/adapter";
import { activationOf, fusedActivations } from "./activations.js";
import type { Attributes, Graph } from "./graph.js";

interface Operator {
  readonly op: string;
  /** Names of its states, in its order. */
  readonly states: readonly ("h" | "c")[];
  /** Attributes of the composite beside the activations, with the values it can run. */
  readonly attrs: CompositeClaim["attrs"];
  /** For each gate of the operator, in its order, the gate column of ours. */
  readonly gates: readonly number[];
  /** Attributes that name the operator's activations, in its order. */
  readonly activations: readonly string[];
}

/** For each gate of theirs, the place of it among ours. */
const among = (theirs: readonly string[], ours: readonly string[]): readonly number[] =>
  theirs.map((gate) => ours.indexOf(gate));

const operators: Readonly<Record<string, Operator>> = {
  lstm: {
    op: "LSTM",
    states: ["h", "c"],
    attrs: {},
    gates: among(onnxGates.lstm, gates.lstm),
    activations: ["recurrentActivation", "activation", "outputActivation"],
  },
  gru: {
    op: "GRU",
    states: ["h"],
    attrs: { resetAfter: [true, false] },
    gates: among(onnxGates.gru, gates.gru),
    activations: ["recurrentActivation", "activation"],
  },
  simpleRnn: {
    op: "RNN",
    states: ["h"],
    attrs: {},
    gates: among(onnxGates.simpleRnn, gates.simpleRnn),
    activations: ["activation"],
  },
};

/** Composites that become a fused operator. */
export const recurrentComposites: readonly string[] = Object.keys(operators).flatMap((name) => [
  name,
  `${name}Cell`,
]);

const weightNames: readonly string[] = [
  "kernel",
  "recurrentKernel",
  "inputBias",
  "recurrentBias",
  "peephole",
];

const floats = (names: readonly string[]): CompositeClaim["inputs"] =>
  Object.fromEntries(names.map((name) => [name, "float32"]));

const time: CompositeClaim["attrs"] = {
  reverse: [true, false],
  maskedOutput: ["zero", "hold"],
  heldStart: ["zeros", "initialState"],
};

const peepholes = among(onnxPeepholeGates, peepholeGates);

/**
 * What the fused operators can run. They know lengths and peepholes, but no mask with gaps and no projection.
 * LSTM and GRU clip the arguments of their gates into a range first, and a NaN becomes its edge; so do some
 * activations of RNN.
 */
export const recurrentClaims: Readonly<Record<string, CompositeClaim>> = Object.fromEntries(
  Object.entries(operators).flatMap(([name, { activations, states, attrs }]) => {
    const known = weightNames.filter((weight) => weight !== "peephole" || name === "lstm");
    const inputs = floats(["x", ...states, ...known]);
    const mathematics = {
      ...attrs,
      ...Object.fromEntries(activations.map((attr) => [attr, fusedActivations])),
    };
    const claim = { inputs, attrs: mathematics, weights: known, losesNaN: true };
    const overTime = {
      ...claim,
      inputs: { ...inputs, lengths: "int32" as const },
      attrs: { ...mathematics, ...time },
    };
    return [
      [name, overTime],
      [`${name}Cell`, claim],
    ];
  }),
);

/** One run of a layer over time, in one direction. */
export interface Direction {
  readonly node: CompositeNode;
  /** The weight of a named input, where the node has it. */
  weight(name: string): HostTensor | undefined;
}

/** Weights [rows, gates * units] as ONNX holds them: [gates * units, rows], gates in its order. */
function transposed({ shape, data }: HostTensor, gates: readonly number[]): Float32Array {
  const [rows, columns] = shape as [number, number];
  const units = columns / gates.length;
  const result = new Float32Array(rows * columns);
  gates.forEach((gate, to) => {
    for (let u = 0; u < units; u++)
      for (let row = 0; row < rows; row++)
        result[(to * units + u) * rows + row] = data[row * columns + gate * units + u]!;
  });
  return result;
}

function reordered(bias: HostTensor | undefined, gates: readonly number[], units: number): Float32Array {
  const result = new Float32Array(gates.length * units);
  if (bias)
    gates.forEach((gate, to) =>
      result.set(bias.data.subarray(gate * units, (gate + 1) * units) as Float32Array, to * units),
    );
  return result;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/**
 * Writes one fused operator: a layer's run over time, or both runs of a bidirectional one.
 *
 * The operator zeroes the final state of a row of length 0 and knows only zeros for outputs past the end, so
 * what the composite says otherwise is put right after it.
 */
export function emitRecurrent(g: Graph, directions: readonly Direction[]): void {
  const { node } = directions[0]!;
  const { op, gates, activations, states: stateNames } = operators[node.op.replace("Cell", "")]!;
  const single = node.op.endsWith("Cell");
  const count = directions.length;
  const operand = (direction: Direction, name: string): string | undefined => {
    const k = direction.node.inputNames.indexOf(name);
    return k < 0 ? undefined : g.name(direction.node.inputs[k]!);
  };

  const recurrentKernel = directions[0]!.weight("recurrentKernel")!;
  const [units, inputSize] = [recurrentKernel.shape[0]!, directions[0]!.weight("kernel")!.shape[0]!];
  const rows = gates.length * units;
  const w = g.packed(
    [count, rows, inputSize],
    joined(directions.map((d) => transposed(d.weight("kernel")!, gates))),
  );
  const r = g.packed(
    [count, rows, units],
    joined(directions.map((d) => transposed(d.weight("recurrentKernel")!, gates))),
  );
  const biased = directions.some((d) => d.weight("inputBias") ?? d.weight("recurrentBias"));
  const b = biased
    ? g.packed(
        [count, 2 * rows],
        joined(
          directions.flatMap((d) => [
            reordered(d.weight("inputBias"), gates, units),
            reordered(d.weight("recurrentBias"), gates, units),
          ]),
        ),
      )
    : "";

  const seeing = directions.some((d) => d.weight("peephole"));
  const p = seeing
    ? [
        g.packed(
          [count, 3 * units],
          joined(directions.map((d) => reordered(d.weight("peephole"), peepholes, units))),
        ),
      ]
    : [];

  const x = operand(directions[0]!, "x")!;
  const lengths = operand(directions[0]!, "lengths");
  const states = stateNames.map((name) => {
    const parts = directions.map((d) => g.node("Unsqueeze", [operand(d, name)!, g.integers([0])]));
    return count === 1 ? parts[0]! : g.node("Concat", parts, { axis: { int: 0 } });
  });
  const sequence = single ? g.node("Unsqueeze", [x, g.integers([0])]) : x;
  const results = g.nodeOf(
    op,
    [sequence, w, r, b, lengths ?? "", ...states, ...p],
    attributesOf(directions, units, activations),
    1 + states.length,
  );

  directions.forEach((direction, k) => {
    const at = (value: string, axis: number): string => {
      if (count === 1) return g.node("Squeeze", [value, g.integers([axis])]);
      return g.node("Gather", [value, g.integer(k)], { axis: { int: axis } });
    };
    const named: Record<string, string> = {};
    stateNames.forEach((name, n) => {
      const after = at(results[1 + n]!, 0);
      named[name] = lengths
        ? g.node("Where", [emptyRows(g, lengths), operand(direction, name)!, after])
        : after;
    });
    if (!single) {
      const y = at(results[0]!, 1);
      named["y"] =
        lengths && direction.node.attrs["maskedOutput"] === "hold"
          ? held(g, direction, x, y, lengths, operand(direction, "h")!, named["h"]!)
          : y;
    }
    direction.node.outputNames.forEach((name, n) => g.bind(direction.node.outputs[n]!.id, named[name]!));
  });
}

function attributesOf(
  directions: readonly Direction[],
  units: number,
  activations: readonly string[],
): Attributes {
  const { node } = directions[0]!;
  const used = directions.flatMap((d) =>
    activations.map((name) => activationOf(d.node.attrs[name] as string)),
  );
  const alphas = used.flatMap(({ alpha }) => (alpha === undefined ? [] : [alpha]));
  const betas = used.flatMap(({ beta }) => (beta === undefined ? [] : [beta]));
  return {
    hidden_size: { int: units },
    direction: {
      string:
        directions.length === 2 ? "bidirectional" : node.attrs["reverse"] === true ? "reverse" : "forward",
    },
    activations: { strings: used.map(({ op }) => op) },
    ...(alphas.length ? { activation_alpha: { floats: alphas } } : {}),
    ...(betas.length ? { activation_beta: { floats: betas } } : {}),
    ...(node.op.startsWith("gru")
      ? { linear_before_reset: { int: node.attrs["resetAfter"] === true ? 1 : 0 } }
      : {}),
  };
}

/** Which rows have no real step: bool [batch, 1]. */
function emptyRows(g: Graph, lengths: string): string {
  return g.node("Unsqueeze", [g.node("Equal", [lengths, g.constant("int32", [], [0])]), g.integers([1])]);
}

/**
 * Outputs past the end hold what was put out before them: forward, the last real output, which is the final
 * h; in reverse nothing came before. What stands where nothing came before is `heldStart`.
 */
function held(
  g: Graph,
  { node }: Direction,
  x: string,
  y: string,
  lengths: string,
  initial: string,
  final: string,
): string {
  const start = node.attrs["heldStart"] === "initialState" ? initial : g.float(0);
  const hold =
    node.attrs["reverse"] === true ? start : g.node("Where", [emptyRows(g, lengths), start, final]);
  const time = g.node("Squeeze", [
    g.node("Shape", [x], { start: { int: 0 }, end: { int: 1 } }),
    g.integers([0]),
  ]);
  const steps = g.node("Cast", [g.node("Range", [g.integer(0), time, g.integer(1)])], { to: { int: 6 } });
  const real = g.node("Less", [
    g.node("Unsqueeze", [steps, g.integers([1])]),
    g.node("Unsqueeze", [lengths, g.integers([0])]),
  ]);
  return g.node("Where", [g.node("Unsqueeze", [real, g.integers([2])]), y, hold]);
}

/** Whether two runs over the same sequence, one of them in reverse, can be one bidirectional operator. */
export function pairs(a: CompositeNode, b: CompositeNode): boolean {
  const shared = ["x", "lengths"];
  return (
    a.op === b.op &&
    !a.op.endsWith("Cell") &&
    a.attrs["reverse"] === false &&
    b.attrs["reverse"] === true &&
    a.attrs["resetAfter"] === b.attrs["resetAfter"] &&
    unitsOf(a) === unitsOf(b) &&
    shared.every((name) => inputOf(a, name) === inputOf(b, name))
  );
}

const inputOf = (node: CompositeNode, name: string): string | undefined =>
  node.inputs[node.inputNames.indexOf(name)];
const unitsOf = (node: CompositeNode): unknown => node.outputs[node.outputNames.indexOf("h")]!.type.shape[1];

/** Whether a node reads only weights that are known, beside its values. */
export const isWeight = (name: string): boolean => weightNames.includes(name);
