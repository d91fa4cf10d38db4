import {
  type CompositeClaim,
  type CompositeNode,
  type HostTensor,
  type Named,
  type Node,
  type Program,
  type Region,
  type ScanNode,
  type ValueId,
  type ValueType,
  type WeightMap,
} from "@unroll/api/adapter";
import { activationComposites, emitActivation } from "./activations.js";
import { convolutionClaim, convolutionWeights, emitConvolution } from "./convolution.js";
import { withEdgeAxes } from "./edges.js";
import { Graph } from "./graph.js";
import { emitPrimitive } from "./primitives.js";
import { encodeModel, type GraphProto, type Initializer } from "./proto.js";
import {
  emitRecurrent,
  isWeight,
  pairs,
  recurrentClaims,
  recurrentComposites,
} from "./recurrent-operators.js";

/** Composites this adapter writes as operators of ONNX. */
export const claims: Readonly<Record<string, CompositeClaim>> = {
  ...recurrentClaims,
  convolution: convolutionClaim,
  ...Object.fromEntries(
    ["softmax", "logSoftmax", ...activationComposites].map((name) => [name, { inputs: { x: "float32" } }]),
  ),
};

/**
 * Names of a program's outputs in the model, in its order: `<name>:out`, since an input of the same name may
 * exist.
 */
export function outputNames(program: Program): string[] {
  const taken = new Set(program.inputs.map(({ name }) => name));
  return program.outputs.map(({ name }) => {
    let free = `${name}:out`;
    while (taken.has(free)) free += ":out";
    taken.add(free);
    return free;
  });
}

interface Scope {
  readonly types: ReadonlyMap<ValueId, ValueType>;
  weight(id: ValueId): HostTensor | undefined;
}

/** An ONNX model of a program. */
export interface OnnxModel {
  /** The file's bytes. */
  readonly bytes: Uint8Array;
  /** How many operators of each type it has, those inside Scan included. */
  readonly nodeCounts: Record<string, number>;
}

/** A weight of a model, as it is or packed: little-endian bytes. */
export type ModelWeight = Initializer;

/** A program as a graph. */
export interface Written {
  readonly graph: GraphProto;
  /** Beside it, in an order that depends on the program alone. */
  readonly weights: readonly ModelWeight[];
}

/** How a graph may differ from the program. */
export interface WrittenForm {
  /** Execution provider that it is for. */
  readonly device: string;
  /** Those of the program's outputs that it has; default all. */
  readonly outputs?: readonly number[];
  /** What they are called, one for each of the program's; default {@link outputNames}. */
  readonly names?: readonly string[];
  /** Inputs that are zeros made inside, of the size of another input's axis where theirs is symbolic. */
  readonly zeros?: readonly string[];
}

/** Writes a program as a graph. */
export function written(
  program: Program,
  weights: WeightMap,
  { device, outputs = program.outputs.map((_, k) => k), names, zeros = [] }: WrittenForm,
): Written {
  const results = names ?? outputNames(program);
  const g = Graph.outermost(new Set([...program.inputs.map(({ name }) => name), ...results]), device);
  const [made, given] = [true, false].map((zero) =>
    program.inputs.filter(({ name }) => zeros.includes(name) === zero),
  ) as [Named[], Named[]];
  const params = new Map<ValueId, HostTensor>(program.params.map(({ name, id }) => [id, weights[name]!]));
  const types = new Map<ValueId, ValueType>(
    [...program.params, ...program.inputs].map(({ id, type }) => [id, type]),
  );
  for (const { name, id } of given) g.bind(id, name);
  for (const { type, id } of made) g.bind(id, zerosOf(g, type, given));
  const plain = plainlyRead(program);
  for (const [id, weight] of params) if (plain.has(id)) g.bind(id, g.weight(weight));

  emitNodes(g, readNodes({ nodes: program.nodes, outputs: program.outputs.map(({ id }) => id) }), {
    types,
    weight: (id) => params.get(id),
  });
  const graph = g.finish(
    "program",
    given.map(({ name, type }) => ({ name, type: type.dtype, shape: type.shape })),
    outputs.map((k) => {
      const { id, type } = program.outputs[k]!;
      return { name: results[k]!, type: type.dtype, shape: type.shape, from: g.name(id) };
    }),
    true,
  );
  return { graph, weights: g.weights };
}

/** Zeros of a type, whose symbolic sizes are those of a given input's axes. */
function zerosOf(g: Graph, { dtype, shape }: ValueType, given: readonly Named[]): string {
  const sizes = shape.map((dim) => {
    if (typeof dim === "number") return g.integers([dim]);
    const like = given.find(({ type }) => type.shape.includes(dim))!;
    const axis = like.type.shape.indexOf(dim);
    return g.node("Shape", [like.name], { start: { int: axis }, end: { int: axis + 1 } });
  });
  return g.node("Expand", [g.constant(dtype, [], [0]), g.node("Concat", sizes, { axis: { int: 0 } })]);
}

/** A graph with its weights as initializers. */
export const withWeights = ({ graph, weights }: Written): GraphProto => ({
  ...graph,
  initializers: [...graph.initializers, ...weights],
});

/**
 * The ONNX model of a program: weights as initializers, `batch` and `time` as named dims, inputs under
 * their names, outputs as `<name>:out`.
 *
 * @param weights complete and of the declared types
 * @param device execution provider that it is for; all but `webgpu` take the same model
 */
export function modelOf(program: Program, weights: WeightMap, device = "cpu"): OnnxModel {
  const whole = withWeights(written(program, weights, { device }));
  return { bytes: encodeModel(whole), nodeCounts: count(whole) };
}

/** A model as a session of this adapter has it. */
export interface SessionModel extends OnnxModel {
  /** For each input of the program, where it has an axis of size 1 more; undefined where it has none. */
  readonly inputAxes: readonly (number | undefined)[];
  /** The same of each output. */
  readonly outputAxes: readonly (number | undefined)[];
  /** The first output of the program with the same value, for each. */
  readonly sources: readonly number[];
}

/** How a session's model may differ from {@link modelOf}. */
export interface SessionForm {
  /**
   * Whether results are in the host's memory: then a value that is several outputs is one of the model's,
   * which whoever runs it copies, and axes of size 1 are left to the tensors.
   */
  readonly host: boolean;
  /** Whether the weights are inputs beside the program's; {@link weightsOf} gives them values. */
  readonly weightInputs: boolean;
}

/** The model of a program for a session. */
export function sessionModelOf(
  program: Program,
  weights: WeightMap,
  device: string,
  { host, weightInputs }: SessionForm,
): SessionModel {
  const { inputs, outputs } = program;
  const sources = outputs.map(({ id }, k) => (host ? outputs.findIndex((other) => other.id === id) : k));
  const distinct = [...new Set(sources)];
  const { graph, weights: held } = written(program, weights, { device, outputs: distinct });
  const { graph: edged, axes } = host ? withEdgeAxes(graph) : { graph, axes: new Map<string, number>() };
  const whole = weightInputs
    ? { ...edged, inputs: [...edged.inputs, ...held] }
    : { ...edged, initializers: [...edged.initializers, ...held] };
  const names = outputNames(program);
  return {
    bytes: encodeModel(whole),
    nodeCounts: count(whole),
    inputAxes: inputs.map(({ name }) => axes.get(name)),
    outputAxes: sources.map((k) => axes.get(names[k]!)),
    sources,
  };
}

/** Values of a program's weights as its models hold them, by name. */
export const weightsOf = (program: Program, weights: WeightMap, device: string): readonly ModelWeight[] =>
  written(program, weights, { device }).weights;

/** How many operators of each type a graph has, those inside Scan included. */
export function count(graph: GraphProto, counts: Record<string, number> = {}): Record<string, number> {
  for (const { op, attributes } of graph.nodes) {
    counts[op] = (counts[op] ?? 0) + 1;
    for (const value of Object.values(attributes)) if ("graph" in value) count(value.graph, counts);
  }
  return counts;
}

/** Weights that some node reads as they are, not packed into a fused operator. */
function plainlyRead(program: Program): Set<ValueId> {
  const packed = (node: Node, k: number): boolean =>
    node.kind === "composite" &&
    ((recurrentComposites.includes(node.op) && isWeight(node.inputNames[k]!)) ||
      (node.op === "convolution" && convolutionWeights.includes(node.inputNames[k]!)));
  return new Set([
    ...program.outputs.map(({ id }) => id),
    ...program.nodes.flatMap((node) => node.inputs.filter((_, k) => !packed(node, k))),
  ]);
}

function emitNodes(g: Graph, nodes: readonly Node[], scope: Scope): void {
  const types = new Map(scope.types);
  const done = new Set<Node>();
  for (const node of nodes) {
    for (const { id, type } of node.outputs) types.set(id, type);
    if (done.has(node)) continue;
    switch (node.kind) {
      case "primitive":
        g.bind(
          node.outputs[0]!.id,
          emitPrimitive(
            g,
            node,
            node.inputs.map((id) => types.get(id)!),
          ),
        );
        break;
      case "scan":
        emitScan(g, node);
        break;
      case "composite": {
        const partner = recurrentComposites.includes(node.op) ? partnerOf(node, nodes) : undefined;
        if (partner) done.add(partner);
        emitComposite(g, node, partner, scope);
        break;
      }
      default:
        node satisfies never;
    }
  }
}

/** The run in reverse over the same sequence, where nothing it needs comes between. */
function partnerOf(node: CompositeNode, nodes: readonly Node[]): CompositeNode | undefined {
  const from = nodes.indexOf(node);
  const made = new Set<ValueId>(node.outputs.map(({ id }) => id));
  for (const other of nodes.slice(from + 1)) {
    if (other.kind === "composite" && pairs(node, other) && !other.inputs.some((id) => made.has(id)))
      return other;
    for (const { id } of other.outputs) made.add(id);
  }
  return undefined;
}

function emitComposite(
  g: Graph,
  node: CompositeNode,
  partner: CompositeNode | undefined,
  scope: Scope,
): void {
  const weightOf =
    (of: CompositeNode) =>
    (name: string): HostTensor | undefined =>
      of.inputNames.includes(name) ? scope.weight(of.inputs[of.inputNames.indexOf(name)]!) : undefined;
  if (node.op === "convolution") {
    g.bind(node.outputs[0]!.id, emitConvolution(g, node, weightOf(node)));
    return;
  }
  if (recurrentComposites.includes(node.op)) {
    emitRecurrent(
      g,
      [node, ...(partner ? [partner] : [])].map((of) => ({ node: of, weight: weightOf(of) })),
    );
    return;
  }
  const x = g.name(node.inputs[0]!);
  const y =
    node.op === "softmax"
      ? g.node("Softmax", [x], { axis: { int: -1 } })
      : node.op === "logSoftmax"
        ? g.node("LogSoftmax", [x], { axis: { int: -1 } })
        : emitActivation(g, node.op, x);
  g.bind(node.outputs[0]!.id, y);
}

/**
 * The nodes of a program or a body that some result of it needs. On webgpu of onnxruntime-web 1.30 a node of
 * a Scan whose result nobody reads writes over another's.
 */
function readNodes({ nodes, outputs }: Pick<Region, "nodes" | "outputs">): readonly Node[] {
  const read = new Set<ValueId>(outputs);
  const kept = [...nodes].reverse().filter((node) => {
    const needed = node.outputs.some(({ id }) => read.has(id));
    if (needed) for (const id of node.inputs) read.add(id);
    return needed;
  });
  return kept.reverse();
}

function emitScan(g: Graph, node: ScanNode): void {
  const { carries, sequences, reverse, body } = node;
  const inner = g.inner();
  const innerTypes = new Map<ValueId, ValueType>();
  const inputs = body.inputs.map(({ id, type }, k) => {
    // Captures are seen from inside by the name they have outside.
    const name = k < carries + sequences ? inner.fresh() : g.name(node.inputs[k]!);
    inner.bind(id, name);
    innerTypes.set(id, type);
    return { name, type: type.dtype, shape: type.shape };
  });
  emitNodes(inner, readNodes(body), { types: innerTypes, weight: () => undefined });
  const outputTypes = node.outputs.map(({ type }, k) =>
    k < carries ? type : { dtype: type.dtype, shape: type.shape.slice(1) },
  );
  const graph = inner.finish(
    "body",
    inputs.slice(0, carries + sequences),
    body.outputs.map((id, k) => ({
      name: inner.fresh(),
      type: outputTypes[k]!.dtype,
      shape: outputTypes[k]!.shape,
      from: inner.name(id),
    })),
    false,
  );
  const stacked = node.outputs.length - carries;
  const directions = (length: number): { ints: number[] } => ({
    ints: new Array<number>(length).fill(reverse ? 1 : 0),
  });
  const results = g.nodeOf(
    "Scan",
    node.inputs.slice(0, carries + sequences).map((id) => g.name(id)),
    {
      body: { graph },
      num_scan_inputs: { int: sequences },
      scan_input_directions: directions(sequences),
      ...(stacked ? { scan_output_directions: directions(stacked) } : {}),
    },
    node.outputs.length,
  );
  node.outputs.forEach(({ id }, k) => g.bind(id, results[k]!));
}
