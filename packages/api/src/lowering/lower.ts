import { attention } from "../layers/attention.js";
import { activate } from "../layers/activations.js";
import { custom, customStep } from "../layers/custom.js";
import { gru, gruCell } from "../layers/gru.js";
import { lstm, lstmCell } from "../layers/lstm.js";
import { affine, maskOf, put, type RecurrentAttrs, type Stepped } from "../layers/recurrence.js";
import { simpleRnn, simpleRnnCell } from "../layers/simple-rnn.js";
import { logSoftmax, softmax } from "../layers/softmax.js";
import { type Block, type NamedValues, ProgramBuilder, type Value } from "../program/builder.js";
import type { Program } from "../contract/program.js";
import { outputPart, partSize, stateParts } from "../specification/cell-parts.js";
import { assertSteppable, cellsOf, STEPS, takesState } from "../specification/state.js";
import type {
  BidirectionalSpec,
  CellSpec,
  DenseSpec,
  LayerSpec,
  RecurrentSpec,
  Spec,
} from "../specification/types.js";
import { specValues, type ValueInfo } from "../specification/values.js";
import { layerWeights } from "../specification/weights.js";

/** What kind of program to make of a spec. */
export interface LowerMode {
  readonly mode: "sequence" | "step";
  /**
   * For each time axis whether rows end early (`lengths` int32 [batch]) or have gaps (`mask` bool [batch,
   * time]). Default: every step is real.
   */
  readonly extents?: Extents;
  /** Axes of sequences as they come and go: [time, batch, ...] if true. Inside it is always time-major. */
  readonly timeMajor?: boolean;
}

/** How rows end along each time axis that has no end for all. */
export type Extents = Readonly<Record<string, "lengths" | "mask">>;

/** Name of the program input that says how rows end along a time axis: `lengths`, `mask.source`. */
export const extentName = (axis: string, kind: "lengths" | "mask"): string =>
  axis === STEPS ? kind : `${kind}.${axis}`;

/** Name of the program input and output that holds a state part. */
export const stateName = (layer: string, part: string): string => `state.${layer}.${part}`;

/**
 * Makes the program of a valid spec.
 *
 * Inputs: the spec's, then `lengths` or `mask` of each time axis, then the states as `state.<layer>.<part>`.
 * Outputs: the spec's by reference, then the states after the run. In a step program nothing has the axis
 * `time`; other time axes stay.
 *
 * @throws UNROLL_UNSUPPORTED for a step program of a spec that can't be stepped
 */
export function lower(spec: Spec, how: LowerMode): Program {
  if (how.mode === "step") assertSteppable(spec);
  const extents = Object.entries(how.extents ?? {});
  const builder = new ProgramBuilder(
    `${spec.name} ${how.mode}${extents.length === 0 ? "" : ` with ${extents.map(([axis, kind]) => extentName(axis, kind)).join(" and ")}`}`,
  );
  const b = builder.block;
  const stepping = how.mode === "step";
  /** Whether values along a time axis have it in this program. */
  const whole = (axis: string | null): axis is string => axis !== null && !(stepping && axis === STEPS);
  const swapAxes = (v: Value): Value =>
    how.timeMajor
      ? v
      : b.transpose(
          v,
          v.type.shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k)),
        );

  const leading = (axis: string | null): string[] =>
    !whole(axis) ? ["batch"] : how.timeMajor ? [axis, "batch"] : ["batch", axis];
  const infos = specValues(spec);
  const values = new Map<string, Value>();
  for (const { name, dtype, shape, axis } of spec.inputs) {
    const given = builder.input(name, { dtype, shape: [...leading(axis), ...shape] });
    values.set(name, whole(axis) ? swapAxes(given) : given);
  }
  const extent: Extent = new Map(
    extents.map(([axis, kind]) => {
      const name = extentName(axis, kind);
      return [
        axis,
        kind === "lengths"
          ? { lengths: builder.input(name, { dtype: "int32", shape: ["batch"] }) }
          : { mask: swapAxes(builder.input(name, { dtype: "bool", shape: leading(axis) })) },
      ];
    }),
  );

  const finals: [string, Value][] = [];
  for (const layer of spec.layers) {
    const weights = Object.fromEntries(
      layerWeights(layer).map((w) => [w.name.slice(layer.name.length + 1), builder.param(w.name, w.shape)]),
    );
    const initial: Record<string, Value> = {};
    for (const [prefix, cell] of cellsOf(layer)) {
      for (const part of stateParts(cell)) {
        initial[prefix + part] = takesState(layer)
          ? builder.input(stateName(layer.name, prefix + part), {
              dtype: "float32",
              shape: ["batch", partSize(cell, part)],
            })
          : values.get((layer as RecurrentSpec | BidirectionalSpec).initialState![prefix + part]!)!;
      }
    }
    const made = lowerLayer({ b, values, infos, extent, stepping }, layer, weights, initial);
    for (const [suffix, value] of Object.entries(made.outputs)) values.set(layer.name + suffix, value);
    for (const [part, value] of Object.entries(made.state)) {
      values.set(`${layer.name}.${part}`, value);
      finals.push([stateName(layer.name, part), value]);
    }
  }
  for (const ref of spec.outputs) {
    const value = values.get(ref)!;
    builder.output(ref, whole(infos.get(ref)!.axis) ? swapAxes(value) : value);
  }
  for (const [name, value] of finals) builder.output(name, value);
  return builder.finish();
}

interface Lowered {
  /** Output values by what follows the layer's name: "" for the output itself. */
  readonly outputs: Readonly<Record<string, Value>>;
  readonly state: Readonly<Record<string, Value>>;
}

/** How rows end, by time axis. */
type Extent = ReadonlyMap<string, NamedValues>;

/** Where a layer is lowered. */
interface Surroundings {
  readonly b: Block;
  readonly values: ReadonlyMap<string, Value>;
  readonly infos: ReadonlyMap<string, ValueInfo>;
  readonly extent: Extent;
  readonly stepping: boolean;
}

function lowerLayer(
  { b, values, infos, extent: extents, stepping }: Surroundings,
  layer: LayerSpec,
  weights: Readonly<Record<string, Value>>,
  initial: Readonly<Record<string, Value>>,
): Lowered {
  const from = (layer as RecurrentSpec).input;
  const input = (): Value => values.get(from)!;
  const single = (value: Value): Lowered => ({ outputs: { "": value }, state: {} });
  const extent = extents.get(infos.get(from)?.axis ?? "") ?? {};
  switch (layer.type) {
    case "recurrent": {
      if (stepping) {
        const { state, output } = stepCell(b, layer.cell, input(), initial, weights);
        return { outputs: { "": output }, state };
      }
      const { y, state } = runCell(
        b,
        layer.cell,
        input(),
        initial,
        weights,
        extent,
        attrsOf(layer, layer.cell, layer.direction === "backward"),
      );
      const output =
        layer.returns === "last"
          ? lastOutput(b, layer, layer.cell, y, state, extent, layer.direction === "backward")
          : layer.outputOrder === "processing" && layer.direction === "backward"
            ? b.reverse(y, 0)
            : y;
      return { outputs: { "": output }, state };
    }
    case "bidirectional": {
      const part = (prefix: string, from: Readonly<Record<string, Value>>): Record<string, Value> =>
        Object.fromEntries(
          Object.entries(from)
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => [key.slice(prefix.length), value]),
        );
      const ways = (
        [
          ["forward", layer.forward],
          ["backward", layer.backward],
        ] as const
      ).map(([way, cell]) => {
        const reverse = way === "backward";
        const { y, state } = runCell(
          b,
          cell,
          input(),
          part(`${way}.`, initial),
          part(`${way}.`, weights),
          extent,
          attrsOf(layer, cell, reverse),
        );
        return {
          way,
          state,
          output: layer.returns === "last" ? lastOutput(b, layer, cell, y, state, extent, reverse) : y,
        };
      });
      const state = Object.fromEntries(
        ways.flatMap(({ way, state: own }) =>
          Object.entries(own).map(([key, value]) => [`${way}.${key}`, value]),
        ),
      );
      const outputs =
        layer.merge === "none"
          ? Object.fromEntries(ways.map(({ way, output }) => [`.${way}`, output]))
          : {
              "": mergeValues(
                b,
                layer.merge,
                ways.map((w) => w.output),
              ),
            };
      return { outputs, state };
    }
    case "embedding":
      return single(b.gather(weights["table"]!, input()));
    case "dense": {
      return single(outer(b, layer.activation, affine(b, input(), weights["kernel"]!, weights["bias"])));
    }
    case "activation":
      return single(outer(b, layer.activation, input()));
    case "dropout":
      return single(input());
    case "merge":
      return single(
        mergeValues(
          b,
          layer.mode,
          layer.inputs.map((ref) => values.get(ref)!),
        ),
      );
    case "repeat":
      return single(
        stepping && layer.axis === STEPS
          ? input()
          : b.gather(
              b.expandDims(input(), 0),
              b.constant(new Array<number>(layer.steps).fill(0), [layer.steps], "int32"),
            ),
      );
    case "attention": {
      const [query, key, value] = [layer.query, layer.key, layer.value].map((ref) => values.get(ref)!) as [
        Value,
        Value,
        Value,
      ];
      const masks = {
        keyMask: maskOf(b, key, extents.get(infos.get(layer.key)!.axis!)),
        queryMask: maskOf(b, query, extents.get(infos.get(layer.query)!.axis ?? "")),
      };
      const lone = query.type.shape.length === 2;
      const { y, weights: shares } = attention(
        b,
        lone ? b.expandDims(query, 0) : query,
        key,
        value,
        { ...masks, ...weights },
        { score: layer.score },
      );
      return {
        outputs: { "": lone ? b.squeeze(y, 0) : y, ".weights": lone ? b.squeeze(shares, 0) : shares },
        state: {},
      };
    }
    default:
      return layer satisfies never;
  }
}

/**
 * Only a returned sequence shows what masked steps put out, so a layer that returns its last output asks for
 * the form that every engine can run, unless that output is no part of its state.
 */
const attrsOf = (
  layer: RecurrentSpec | BidirectionalSpec,
  cell: CellSpec,
  reverse: boolean,
): RecurrentAttrs =>
  layer.returns === "last" && outputPart(cell) !== null
    ? { reverse, maskedOutput: "zero", heldStart: "zeros" }
    : { reverse, maskedOutput: layer.maskedOutput, heldStart: layer.heldStart };

function outer(b: Block, name: DenseSpec["activation"], x: Value): Value {
  if (name === "softmax") return softmax(b, x);
  if (name === "logSoftmax") return logSoftmax(b, x);
  return activate(b, name, x);
}

function mergeValues(b: Block, mode: "concat" | "sum" | "ave" | "mul", values: readonly Value[]): Value {
  switch (mode) {
    case "concat":
      return b.concat(values, values[0]!.type.shape.length - 1);
    case "sum":
      return values.reduce(b.add);
    case "ave":
      return b.div(values.reduce(b.add), b.constant(values.length));
    case "mul":
      return values.reduce(b.mul);
    default:
      return mode satisfies never;
  }
}

/** Weights as the composites name them: a single bias is the input's. */
function composed(weights: NamedValues): NamedValues {
  return {
    kernel: weights["kernel"],
    recurrentKernel: weights["recurrentKernel"],
    inputBias: weights["inputBias"] ?? weights["bias"],
    recurrentBias: weights["recurrentBias"],
    peephole: weights["peephole"],
    projectionKernel: weights["projectionKernel"],
  };
}

type State = Record<string, Value>;

function stepCell(
  b: Block,
  cell: CellSpec,
  x: Value,
  state: Readonly<State>,
  weights: NamedValues,
): Stepped<string> {
  const attrs = { reverse: false, maskedOutput: "zero", heldStart: "zeros" } as const;
  const h = state["h"]!;
  switch (cell.kind) {
    case "lstm":
      return put(
        lstmCell(b, x, { h, c: state["c"]! }, composed(weights), {
          ...attrs,
          activation: cell.activation,
          recurrentActivation: cell.recurrentActivation,
          outputActivation: cell.outputActivation,
        }),
      );
    case "gru":
      return put(
        gruCell(b, x, { h }, composed(weights), {
          ...attrs,
          activation: cell.activation,
          recurrentActivation: cell.recurrentActivation,
          resetAfter: cell.resetAfter,
        }),
      );
    case "simpleRnn":
      return put(simpleRnnCell(b, x, { h }, composed(weights), { ...attrs, activation: cell.activation }));
    case "custom":
      return customStep(b, cell.step, x, state, weights);
    default:
      return cell satisfies never;
  }
}

function runCell(
  b: Block,
  cell: CellSpec,
  x: Value,
  state: Readonly<State>,
  weights: NamedValues,
  extent: NamedValues,
  attrs: RecurrentAttrs,
): { y: Value; state: State } {
  const h = state["h"]!;
  switch (cell.kind) {
    case "lstm": {
      const { y, ...after } = lstm(b, x, { h, c: state["c"]! }, composed(weights), extent, {
        ...attrs,
        activation: cell.activation,
        recurrentActivation: cell.recurrentActivation,
        outputActivation: cell.outputActivation,
      });
      return { y, state: after };
    }
    case "gru": {
      const { y, ...after } = gru(b, x, { h }, composed(weights), extent, {
        ...attrs,
        activation: cell.activation,
        recurrentActivation: cell.recurrentActivation,
        resetAfter: cell.resetAfter,
      });
      return { y, state: after };
    }
    case "simpleRnn": {
      const { y, ...after } = simpleRnn(b, x, { h }, composed(weights), extent, {
        ...attrs,
        activation: cell.activation,
      });
      return { y, state: after };
    }
    case "custom": {
      const part = outputPart(cell);
      return custom(
        b,
        cell.step,
        x,
        state,
        weights,
        extent,
        attrs,
        part === null ? { size: cell.units } : { part },
      );
    }
    default:
      return cell satisfies never;
  }
}

/**
 * The output of the step processed last. Held, it is what the last real step gave: the final state part that
 * is put out, except in a row without any real step that holds zeros.
 */
function lastOutput(
  b: Block,
  layer: RecurrentSpec | BidirectionalSpec,
  cell: CellSpec,
  y: Value,
  state: Readonly<State>,
  extent: NamedValues,
  reverse: boolean,
): Value {
  const { lengths, mask } = extent;
  const part = outputPart(cell);
  const ofLastStep = (): Value => b.squeeze(b.slice(y, 0, reverse ? 0 : -1, 1), 0);
  if (part === null) return ofLastStep();
  const h = state[part]!;
  if (lengths === undefined && mask === undefined) return h;
  if (layer.maskedOutput === "zero") return ofLastStep();
  if (layer.heldStart === "initialState") return h;
  const anyReal = lengths
    ? b.expandDims(b.less(b.constant(0, [], "int32"), lengths), 1)
    : b.less(
        b.constant(0),
        b.transpose(b.reduceMax(b.primitive("cast", [mask!], { dtype: "float32" }), 0), [1, 0]),
      );
  return b.select(anyReal, h, b.constant(0));
}
