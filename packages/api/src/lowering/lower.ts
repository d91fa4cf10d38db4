import { activate } from "../layers/activations.js";
import { custom, customStep } from "../layers/custom.js";
import { gru, gruCell } from "../layers/gru.js";
import { lstm, lstmCell } from "../layers/lstm.js";
import { affine, put, type RecurrentAttrs, type Stepped } from "../layers/recurrence.js";
import { simpleRnn, simpleRnnCell } from "../layers/simple-rnn.js";
import { logSoftmax, softmax } from "../layers/softmax.js";
import { type Block, type NamedValues, ProgramBuilder, type Value } from "../program/builder.js";
import type { Program } from "../program/types.js";
import { outputPart, partSize, stateParts } from "../spec/cells.js";
import { assertSteppable, cellsOf, takesState } from "../spec/state.js";
import type { BidirectionalSpec, CellSpec, DenseSpec, LayerSpec, RecurrentSpec, Spec } from "../spec/types.js";
import { layerWeights } from "../spec/weights.js";

/** What kind of program to make of a spec. */
export interface LowerMode {
  readonly mode: "sequence" | "step";
  /** Sequence only: whether rows end early (`lengths` int32 [batch]) or have gaps (`mask` bool [batch, time]). Default `full`. */
  readonly extent?: "full" | "lengths" | "mask";
  /** Sequence only: axes of sequences as they come and go: [time, batch, ...] if true. Inside it is always time-major. */
  readonly timeMajor?: boolean;
}

/** Name of the program input and output that holds a state part. */
export const stateName = (layer: string, part: string): string => `state.${layer}.${part}`;

/**
 * Makes the program of a valid spec.
 *
 * Inputs: the spec's, then `lengths` or `mask`, then the states as `state.<layer>.<part>`. Outputs: the spec's by
 * reference, then the states after the run. A step program's inputs and outputs have no time axis.
 *
 * @throws UNROLL_UNSUPPORTED for a step program of a spec that can't be stepped
 */
export function lower(spec: Spec, how: LowerMode): Program {
  if (how.mode === "step") assertSteppable(spec);
  const builder = new ProgramBuilder(`${spec.name} ${how.mode}${how.extent === undefined || how.extent === "full" ? "" : ` with ${how.extent}`}`);
  const b = builder.block;
  const stepping = how.mode === "step";
  const swapAxes = (v: Value): Value => (how.timeMajor ? v : b.transpose(v, v.type.shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k))));

  const values = new Map<string, Value>();
  const sequences = new Set<Value>();
  for (const { name, dtype, shape, sequence } of spec.inputs) {
    const axes = !sequence || stepping ? ["batch"] : how.timeMajor ? ["time", "batch"] : ["batch", "time"];
    const given = builder.input(name, { dtype, shape: [...axes, ...shape] });
    const value = sequence && !stepping ? swapAxes(given) : given;
    if (sequence) sequences.add(value);
    values.set(name, value);
  }
  const extent: NamedValues = stepping || how.extent === undefined || how.extent === "full" ? {}
    : how.extent === "lengths" ? { lengths: builder.input("lengths", { dtype: "int32", shape: ["batch"] }) }
    : { mask: swapAxes(builder.input("mask", { dtype: "bool", shape: how.timeMajor ? ["time", "batch"] : ["batch", "time"] })) };

  const finals: [string, Value][] = [];
  for (const layer of spec.layers) {
    const weights = Object.fromEntries(layerWeights(layer).map((w) => [w.name.slice(layer.name.length + 1), builder.param(w.name, w.shape)]));
    const initial: Record<string, Value> = {};
    for (const [prefix, cell] of cellsOf(layer)) {
      for (const part of stateParts(cell)) {
        initial[prefix + part] = takesState(layer)
          ? builder.input(stateName(layer.name, prefix + part), { dtype: "float32", shape: ["batch", partSize(cell, part)] })
          : values.get((layer as RecurrentSpec | BidirectionalSpec).initialState![prefix + part]!)!;
      }
    }
    const made = lowerLayer(b, layer, values, weights, initial, extent, stepping);
    for (const [suffix, value] of Object.entries(made.outputs)) {
      values.set(layer.name + suffix, value);
      if (made.sequence(sequences)) sequences.add(value);
    }
    for (const [part, value] of Object.entries(made.state)) {
      values.set(`${layer.name}.${part}`, value);
      finals.push([stateName(layer.name, part), value]);
    }
  }
  for (const ref of spec.outputs) {
    const value = values.get(ref)!;
    builder.output(ref, sequences.has(value) && !stepping ? swapAxes(value) : value);
  }
  for (const [name, value] of finals) builder.output(name, value);
  return builder.finish();
}

interface Lowered {
  /** Output values by what follows the layer's name: "" for the output itself. */
  readonly outputs: Readonly<Record<string, Value>>;
  readonly state: Readonly<Record<string, Value>>;
  /** Whether the outputs have a time axis, given the values known to have one. */
  sequence(known: ReadonlySet<Value>): boolean;
}

function lowerLayer(b: Block, layer: LayerSpec, values: ReadonlyMap<string, Value>, weights: Readonly<Record<string, Value>>, initial: Readonly<Record<string, Value>>, extent: NamedValues, stepping: boolean): Lowered {
  const input = (): Value => values.get((layer as Exclude<LayerSpec, { type: "merge" }>).input)!;
  const single = (value: Value, like: Value): Lowered => ({ outputs: { "": value }, state: {}, sequence: (known) => known.has(like) });
  switch (layer.type) {
    case "recurrent": {
      if (stepping) {
        const { state, output } = stepCell(b, layer.cell, input(), initial, weights);
        return { outputs: { "": output }, state, sequence: () => layer.returns === "sequence" };
      }
      const { y, state } = runCell(b, layer.cell, input(), initial, weights, extent, attrsOf(layer, layer.cell, layer.direction === "backward"));
      const output = layer.returns === "last" ? lastOutput(b, layer, layer.cell, y, state, extent, layer.direction === "backward")
        : layer.outputOrder === "processing" && layer.direction === "backward" ? b.reverse(y, 0) : y;
      return { outputs: { "": output }, state, sequence: () => layer.returns === "sequence" };
    }
    case "bidirectional": {
      const part = (prefix: string, from: Readonly<Record<string, Value>>): Record<string, Value> =>
        Object.fromEntries(Object.entries(from).filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]));
      const ways = ([["forward", layer.forward], ["backward", layer.backward]] as const).map(([way, cell]) => {
        const reverse = way === "backward";
        const { y, state } = runCell(b, cell, input(), part(`${way}.`, initial), part(`${way}.`, weights), extent, attrsOf(layer, cell, reverse));
        return { way, state, output: layer.returns === "last" ? lastOutput(b, layer, cell, y, state, extent, reverse) : y };
      });
      const state = Object.fromEntries(ways.flatMap(({ way, state: own }) => Object.entries(own).map(([key, value]) => [`${way}.${key}`, value])));
      const outputs = layer.merge === "none" ? Object.fromEntries(ways.map(({ way, output }) => [`.${way}`, output])) : { "": mergeValues(b, layer.merge, ways.map((w) => w.output)) };
      return { outputs, state, sequence: () => layer.returns === "sequence" };
    }
    case "embedding": return single(b.gather(weights["table"]!, input()), input());
    case "dense": {
      return single(outer(b, layer.activation, affine(b, input(), weights["kernel"]!, weights["bias"])), input());
    }
    case "activation": return single(outer(b, layer.activation, input()), input());
    case "dropout": return single(input(), input());
    case "merge": return single(mergeValues(b, layer.mode, layer.inputs.map((ref) => values.get(ref)!)), values.get(layer.inputs[0]!)!);
    default: return layer satisfies never;
  }
}

/**
 * Only a returned sequence shows what masked steps put out, so a layer that returns its last output asks for the form
 * that every engine can run, unless that output is no part of its state.
 */
const attrsOf = (layer: RecurrentSpec | BidirectionalSpec, cell: CellSpec, reverse: boolean): RecurrentAttrs =>
  layer.returns === "last" && outputPart(cell) !== null ? { reverse, maskedOutput: "zero", heldStart: "zeros" } : { reverse, maskedOutput: layer.maskedOutput, heldStart: layer.heldStart };

function outer(b: Block, name: DenseSpec["activation"], x: Value): Value {
  if (name === "softmax") return softmax(b, x);
  if (name === "logSoftmax") return logSoftmax(b, x);
  return activate(b, name, x);
}

function mergeValues(b: Block, mode: "concat" | "sum" | "ave" | "mul", values: readonly Value[]): Value {
  switch (mode) {
    case "concat": return b.concat(values, values[0]!.type.shape.length - 1);
    case "sum": return values.reduce(b.add);
    case "ave": return b.div(values.reduce(b.add), b.constant(values.length));
    case "mul": return values.reduce(b.mul);
    default: return mode satisfies never;
  }
}

/** Weights as the composites name them: a single bias is the input's. */
function composed(weights: NamedValues): NamedValues {
  return {
    kernel: weights["kernel"], recurrentKernel: weights["recurrentKernel"], inputBias: weights["inputBias"] ?? weights["bias"], recurrentBias: weights["recurrentBias"],
    peephole: weights["peephole"], projectionKernel: weights["projectionKernel"],
  };
}

type State = Record<string, Value>;

function stepCell(b: Block, cell: CellSpec, x: Value, state: Readonly<State>, weights: NamedValues): Stepped<string> {
  const attrs = { reverse: false, maskedOutput: "zero", heldStart: "zeros" } as const;
  const h = state["h"]!;
  switch (cell.kind) {
    case "lstm": return put(lstmCell(b, x, { h, c: state["c"]! }, composed(weights), { ...attrs, activation: cell.activation, recurrentActivation: cell.recurrentActivation, outputActivation: cell.outputActivation }));
    case "gru": return put(gruCell(b, x, { h }, composed(weights), { ...attrs, activation: cell.activation, recurrentActivation: cell.recurrentActivation, resetAfter: cell.resetAfter }));
    case "simpleRnn": return put(simpleRnnCell(b, x, { h }, composed(weights), { ...attrs, activation: cell.activation }));
    case "custom": return customStep(b, cell.step, x, state, weights);
    default: return cell satisfies never;
  }
}

function runCell(b: Block, cell: CellSpec, x: Value, state: Readonly<State>, weights: NamedValues, extent: NamedValues, attrs: RecurrentAttrs): { y: Value; state: State } {
  const h = state["h"]!;
  switch (cell.kind) {
    case "lstm": {
      const { y, ...after } = lstm(b, x, { h, c: state["c"]! }, composed(weights), extent, { ...attrs, activation: cell.activation, recurrentActivation: cell.recurrentActivation, outputActivation: cell.outputActivation });
      return { y, state: after };
    }
    case "gru": {
      const { y, ...after } = gru(b, x, { h }, composed(weights), extent, { ...attrs, activation: cell.activation, recurrentActivation: cell.recurrentActivation, resetAfter: cell.resetAfter });
      return { y, state: after };
    }
    case "simpleRnn": {
      const { y, ...after } = simpleRnn(b, x, { h }, composed(weights), extent, { ...attrs, activation: cell.activation });
      return { y, state: after };
    }
    case "custom": {
      const part = outputPart(cell);
      return custom(b, cell.step, x, state, weights, extent, attrs, part === null ? { size: cell.units } : { part });
    }
    default: return cell satisfies never;
  }
}

/**
 * The output of the step processed last. Held, it is what the last real step gave: the final state part that is put out,
 * except in a row without any real step that holds zeros.
 */
function lastOutput(b: Block, layer: RecurrentSpec | BidirectionalSpec, cell: CellSpec, y: Value, state: Readonly<State>, extent: NamedValues, reverse: boolean): Value {
  const { lengths, mask } = extent;
  const part = outputPart(cell);
  const ofLastStep = (): Value => b.squeeze(b.slice(y, 0, reverse ? 0 : -1, 1), 0);
  if (part === null) return ofLastStep();
  const h = state[part]!;
  if (lengths === undefined && mask === undefined) return h;
  if (layer.maskedOutput === "zero") return ofLastStep();
  if (layer.heldStart === "initialState") return h;
  const anyReal = lengths ? b.expandDims(b.less(b.constant(0, [], "int32"), lengths), 1)
    : b.less(b.constant(0), b.transpose(b.reduceMax(b.primitive("cast", [mask!], { dtype: "float32" }), 0), [1, 0]));
  return b.select(anyReal, h, b.constant(0));
}
