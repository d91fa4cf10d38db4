import type { GraphProto, ModelProto, NodeProto, ValueProto } from "./graph-proto.js";
import { field, isObject } from "../json.js";

/** Which output of a model is fed as which input at the next run. */
export interface OnnxState {
  /** Name of the input. */
  readonly input: string;
  /** Name of the output. */
  readonly output: string;
}

const recurrent: readonly string[] = ["LSTM", "GRU", "RNN"];
/** Operands and outputs of recurrent operators that hold a state, side by side. */
const parts = [
  { part: "h", operand: 5, output: 1 },
  { part: "c", operand: 6, output: 2 },
] as const;

/** Operators that leave a state what it is, in another shape. */
const shaping: readonly string[] = [
  "Identity",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Flatten",
  "Cast",
  "Dropout",
];

/** Names that exporters and models give a state and the one after it. */
const pairsOfNames: readonly (readonly [input: RegExp, output: (input: string) => readonly string[]])[] = [
  [
    /^/,
    (name) => [
      `${name}.next`,
      `${name}_next`,
      `${name}_out`,
      `${name}N`,
      `${name}n`,
      `next_${name}`,
      `new_${name}`,
      `${name}_n`,
    ],
  ],
  [/_in$/, (name) => [name.replace(/_in$/, "_out")]],
  [/in$/, (name) => [name.replace(/in$/, "out")]],
  [
    /0$/,
    (name) => [
      name.replace(/_?0$/, (end) => end.replace("0", "n")),
      name.replace(/_?0$/, "_n"),
      name.replace(/0$/, "1"),
    ],
  ],
  [/^past/, (name) => [name.replace(/^past/, "present")]],
];

/** What is fed: inputs that no initializer gives. */
export const fedInputs = ({ inputs, initializers }: GraphProto): readonly ValueProto[] =>
  inputs.filter(({ name }) => !initializers.has(name));

/** Whether values may be one and the same: sizes that are known agree. */
function alike(one: ValueProto, other: ValueProto): boolean {
  if (one.type !== other.type) return false;
  const [a, b] = [one.shape, other.shape];
  if (a === null || b === null) return true;
  return (
    a.length === b.length &&
    a.every((dim, k) => typeof dim !== "number" || typeof b[k] !== "number" || dim === b[k])
  );
}

/** Pairs that the file itself names, as our own exports do. */
function ofMetadata({ metadata }: ModelProto): OnnxState[] {
  const text = metadata.get("unroll.states");
  if (text === undefined) return [];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    const [input, output] = [field(one, "input"), field(one, "output")];
    return isObject(one) && typeof input === "string" && typeof output === "string"
      ? [{ input, output }]
      : [];
  });
}

/** Pairs that are the initial and the last state of one recurrent node. */
function ofNodes({ nodes }: GraphProto): OnnxState[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = new Map<string, NodeProto[]>();
  for (const node of nodes)
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  const back = (name: string): string => {
    const maker = makers.get(name);
    return maker && shaping.includes(maker.op) ? back(maker.inputs[0] ?? "") : name;
  };
  const ahead = (name: string): string[] => [
    name,
    ...(readers.get(name) ?? []).flatMap((node) =>
      shaping.includes(node.op) && node.inputs[0] === name ? ahead(node.outputs[0] ?? "") : [],
    ),
  ];
  return nodes
    .filter(({ op, domain }) => domain === "" && recurrent.includes(op))
    .flatMap(({ inputs, outputs }) =>
      parts.flatMap(({ operand, output }) =>
        ahead(outputs[output] ?? "").map((name) => ({ input: back(inputs[operand] ?? ""), output: name })),
      ),
    );
}

function ofNames(inputs: readonly ValueProto[], outputs: readonly ValueProto[]): OnnxState[] {
  return inputs.flatMap(({ name: input }) =>
    pairsOfNames.flatMap(([pattern, of]) => {
      const found = pattern.test(input) ? of(input) : [];
      return outputs.flatMap(({ name }) =>
        name !== input && found.includes(name) ? [{ input, output: name }] : [],
      );
    }),
  );
}

/**
 * The states of a model: as the file says; as the first and last state of a recurrent node; by names that go
 * together, where sizes agree.
 */
export function statesOf(model: ModelProto): OnnxState[] {
  const { graph } = model;
  const inputs = new Map(fedInputs(graph).map((one) => [one.name, one]));
  const outputs = new Map(graph.outputs.map((one) => [one.name, one]));
  const found: OnnxState[] = [];
  for (const { input, output } of [
    ...ofMetadata(model),
    ...ofNodes(graph),
    ...ofNames([...inputs.values()], graph.outputs),
  ]) {
    const [from, to] = [inputs.get(input), outputs.get(output)];
    if (!from || !to || !alike(from, to)) continue;
    if (found.some((one) => one.input === input || one.output === output)) continue;
    found.push({ input, output });
  }
  // In the order of the inputs.
  return [...inputs.keys()].flatMap((name) => found.filter(({ input }) => input === name));
}

/** Operators that see each step by itself, whatever axis time is, beside those of one element. */
const local: readonly string[] = [...shaping, "Constant"];
/** Operators that see each step by itself where an operand is a weight. */
const weighted: Readonly<Record<string, number>> = { MatMul: 1, Gemm: 1, Gather: 0 };

/**
 * Whether an operator of each element sees each step by itself. A constant that is longer than one element
 * may be one number a step, which a shorter piece would stretch to; not where it is beside a product with
 * weights, whose last axis are features.
 */
function apartInTime({ inputs }: NodeProto, { initializers }: GraphProto, makers: Makers): boolean {
  return inputs.every((name) => {
    const constant = makers.get(name)?.attributes.get("value");
    const shape = initializers.get(name)?.shape ?? (constant?.kind === "tensor" ? constant.value.shape : []);
    const size = shape.reduce((a, b) => a * b, 1);
    if (size <= 1) return true;
    const beside = inputs.some((other) => {
      const maker = makers.get(other);
      const weights = maker?.op === "MatMul" && initializers.get(maker.inputs[1] ?? "");
      return weights && weights.shape.at(-1) === size;
    });
    return beside && shape.at(-1) === size;
  });
}

type Makers = ReadonlyMap<string, NodeProto>;

/**
 * A graph whose recurrent nodes begin with zeros, as one that is fed their states and puts them out. Null
 * where it has none, or anything that might look along time.
 */
export function withStates(
  graph: GraphProto,
  perElement: ReadonlySet<string>,
): { graph: GraphProto; states: OnnxState[] } | null {
  const { initializers } = graph;
  const states: OnnxState[] = [];
  const inputs: ValueProto[] = [];
  const outputs: ValueProto[] = [];
  const names = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const fresh = (wanted: string): string => {
    let name = wanted;
    while (names.has(name)) name += "_";
    names.add(name);
    return name;
  };
  const makers: Makers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
  );
  const nodes: NodeProto[] = [];
  for (const node of graph.nodes) {
    const { op, domain } = node;
    if (domain !== "") return null;
    const weight = Object.hasOwn(weighted, op) ? weighted[op]! : null;
    const fits =
      weight !== null
        ? initializers.has(node.inputs[weight] ?? "")
        : local.includes(op) || (perElement.has(op) && apartInTime(node, graph, makers));
    if (fits) {
      nodes.push(node);
      continue;
    }
    const direction = node.attributes.get("direction")?.value ?? "forward";
    const units = node.attributes.get("hidden_size")?.value;
    const given = [4, 5, 6].some((k) => (node.inputs[k] ?? "") !== "");
    if (!recurrent.includes(op) || direction !== "forward" || given || typeof units !== "number") return null;
    const [operands, results] = [[...node.inputs], [...node.outputs]];
    for (const { part, operand, output } of parts.slice(0, op === "LSTM" ? 2 : 1)) {
      while (operands.length <= operand) operands.push("");
      while (results.length <= output) results.push("");
      const input = fresh(`${node.name}.${part}`);
      const made = fresh(`${node.name}.${part}.next`);
      if (results[output] === "") results[output] = made;
      const layout = node.attributes.get("layout")?.value === 1;
      operands[operand] = input;
      inputs.push({ name: input, type: 1, shape: layout ? [null, 1, units] : [1, null, units] });
      outputs.push({ name: results[output]!, type: 1, shape: null });
      states.push({ input, output: results[output]! });
    }
    nodes.push({ ...node, inputs: operands, outputs: results });
  }
  if (states.length === 0) return null;
  const known = new Set(graph.outputs.map(({ name }) => name));
  return {
    graph: {
      ...graph,
      nodes,
      // Pieces of any length may come, with any number of rows.
      inputs: [
        ...graph.inputs.map((one) => ({ ...one, shape: one.shape && one.shape.map(() => null) })),
        ...inputs,
      ],
      outputs: [...graph.outputs, ...outputs.filter(({ name }) => !known.has(name))],
    },
    states,
  };
}
