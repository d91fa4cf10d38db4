import { unrollError } from "../contract/error.js";
import { allocate, type HostTensor, isHostTensor, sizeOf } from "../contract/tensor.js";
import type { SteppableModel } from "../model/faces.js";
import { built } from "../layers/built.js";
import { stateIn, takesStateIn } from "../specification/state.js";
import { markBeyond } from "./beyond.js";
import type { Graph, InputSlot } from "./graph.js";
import { reshape, stack, swapAxes, takeRows } from "./host-tensor.js";
import { assertLengths, type Lengths, lengthsOf, PackedSequence } from "./packed.js";
import { SymbolicState, SymbolicTensor, SymbolicWeights } from "./symbolic.js";
import { EagerTensor, type Tensor } from "./tensor/tensor.js";
import { refOf, type Traced, valueAt } from "./trace.js";

/** A module ready to run in one way of calling it. */
export interface Prepared {
  readonly traced: Traced;
  readonly model: SteppableModel;
  readonly timeMajor: boolean;
}

/** Leading axes of the inputs, before the features: shared by all of them. */
export interface Leading {
  /** As the caller has them; results get them back. */
  readonly shape: readonly number[];
  readonly batch: number;
  /** Whether there is no batch axis. */
  readonly unbatched: boolean;
}

type Plain = Record<string, Record<string, HostTensor<"float32">>>;

function refuse(place: string, expected: string, got: string, cure: string, beyond = false): never {
  const error = unrollError({
    code: "UNROLL_SHAPE",
    place: place,
    expected: expected,
    got: got,
    cure: cure,
    details: {
      expected,
      got,
    },
  });
  throw beyond ? markBeyond(error) : error;
}

const dims = (shape: readonly (number | string)[]): string => `[${shape.join(", ")}]`;

/** Names of the leading axes, batched. */
function axisNames(graph: Graph, timeMajor: boolean): readonly string[] {
  return graph.kind === "step" ? ["batch"] : timeMajor ? ["time", "batch"] : ["batch", "time"];
}

/** Where an input's features are: the layer that reads it says whose error it is. */
function placeOf(traced: Traced, input: InputSlot): string {
  const reader = traced.spec.layers.find(
    (layer): layer is Extract<typeof layer, { readonly input: string }> =>
      "input" in layer && layer.input === input.name,
  );
  const place = `${traced.graph.name} run`;
  if (!reader) return place;
  return `${place}, ${reader.type === "recurrent" ? reader.cell.kind : reader.type} "${reader.name}"`;
}

export function leadingOf(traced: Traced, input: InputSlot, given: HostTensor, timeMajor: boolean): Leading {
  const { graph } = traced;
  const names = axisNames(graph, timeMajor);
  const count = given.shape.length - input.features.length;
  const vectors = graph.vectors.length > 0;
  const fits =
    graph.kind === "pointwise"
      ? vectors
        ? count === 1
        : count >= 0
      : count === names.length || count === names.length - 1;
  if (!fits || input.features.some((size, k) => given.shape[count + k] !== size)) {
    const wanted = graph.kind === "pointwise" ? [vectors ? "batch" : "..."] : names;
    refuse(
      placeOf(traced, input),
      `input ${dims([...wanted, ...input.features])}`,
      dims(given.shape),
      input.features.length > 0 ? "the last axis is the input size" : "ids have no feature axis",
    );
  }
  const shape = given.shape.slice(0, count);
  if (graph.kind === "pointwise") return { shape, batch: sizeOf(shape), unbatched: false };
  const unbatched = count < names.length;
  return { shape, batch: unbatched ? 1 : shape[names.indexOf("batch")]!, unbatched };
}

/** The leading axes as the model wants them: [batch], or time and batch in its layout. */
export function modelAxes(graph: Graph, leading: Leading, timeMajor: boolean): readonly number[] {
  if (graph.kind === "pointwise" || graph.kind === "step") return [leading.batch];
  if (!leading.unbatched) return leading.shape;
  return timeMajor ? [leading.shape[0]!, 1] : [1, leading.shape[0]!];
}

/**
 * Values as the dtype that an input has. Whole numbers may come as float32, as `tensor([[1, 2]])` makes them.
 */
export function asDtype(place: string, given: HostTensor, dtype: "float32" | "int32"): HostTensor {
  if (given.dtype === dtype) return given;
  if (dtype === "int32" && given.dtype === "float32" && (given.data as Float32Array).every(Number.isInteger))
    return { dtype, shape: given.shape, data: Int32Array.from(given.data) };
  throw unrollError({
    code: "UNROLL_DTYPE",
    place: place,
    expected: dtype === "int32" ? "whole numbers (ids)" : dtype,
    got: given.dtype,
    cure: `make it with tensor(data, shape, "${dtype}")`,
    details: { expected: dtype, got: given.dtype },
  });
}

interface Feeds {
  readonly tensors: Record<string, HostTensor>;
  readonly leading: Leading;
  readonly lengths: readonly number[] | null;
}

function feedsOf({ traced, timeMajor }: Prepared, values: readonly unknown[]): Feeds {
  const { graph } = traced;
  let lengths: readonly number[] | null = null;
  let leading: Leading | null = null;
  const tensors: Record<string, HostTensor> = {};
  const given = graph.inputs.map((input) => {
    const value = valueAt(values, input.path);
    if (value instanceof PackedSequence) {
      lengths = value.lengths;
      return { input, value: timeMajor ? value.data : swapAxes(value.data) };
    }
    if (!isHostTensor(value))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `${graph.name} run argument ${input.path.join(".")}`,
        expected: "a tensor",
        got: value === null || typeof value !== "object" ? String(value) : value.constructor.name,
        cure: "make it with tensor(data, shape)",
      });
    return { input, value };
  });
  if (given.length === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `${graph.name} run`,
      expected: "a tensor",
      got: "none",
      cure: "forward uses no argument as an input",
    });
  for (const { input, value } of given) {
    const own = leadingOf(traced, input, value, timeMajor);
    leading ??= own;
    if (own.shape.join() !== leading.shape.join())
      refuse(
        `${graph.name} run argument ${input.path.join(".")}`,
        `${dims([...leading.shape, ...input.features])}, the leading axes of the first input`,
        dims(value.shape),
        "inputs share time and batch",
        graph.crossed,
      );
    tensors[input.name] = asDtype(
      placeOf(traced, input),
      { ...value, shape: [...modelAxes(graph, own, timeMajor), ...input.features] },
      input.dtype,
    );
  }
  let axes = leading!;
  if (graph.lengths) {
    lengths = lengthsOf(valueAt(values, graph.lengths.path) as Lengths);
    const time = axes.shape[timeMajor ? 0 : 1]!;
    assertLengths(lengths, axes.batch, time, graph.lengths.enforceSorted);
    const longest = Math.max(...lengths);
    if (graph.cut && longest < time) {
      for (const [name, value] of Object.entries(tensors))
        tensors[name] = timeMajor ? takeRows(value, longest) : swapAxes(takeRows(swapAxes(value), longest));
      axes = { ...axes, shape: timeMajor ? [longest, axes.batch] : [axes.batch, longest] };
    }
  }
  return { tensors, leading: axes, lengths };
}

/** The whole initial state: what the caller gave, zeros for the rest. */
function initialState({ traced }: Prepared, values: readonly unknown[], leading: Leading): Plain | null {
  const { graph, spec } = traced;
  const own = new Set(spec.layers.filter((layer) => takesStateIn(built, layer)).map((layer) => layer.name));
  const state: Plain = Object.create(null) as Plain;
  for (const { layer, part, shape } of stateIn(built, spec)) {
    const full = [leading.batch, ...shape];
    if (own.has(layer))
      (state[layer] ??= Object.create(null) as Plain[string])[part] = {
        dtype: "float32",
        shape: full,
        data: allocate("float32", sizeOf(full)),
      };
  }
  for (const { path, slots, stacked } of graph.states) {
    const place = `${graph.name} run, state of "${slots[0]!.layer}"`;
    const given = valueAt(values, path);
    const { units } = slots[0]!;
    const wanted = [...(stacked ? [slots.length] : []), ...(leading.unbatched ? [] : [leading.batch]), units];
    if (!isHostTensor(given))
      throw unrollError({
        code: "UNROLL_STATE",
        place: place,
        expected: `part ${slots[0]!.part.split(".").pop()!} ${dims(wanted)}`,
        got: given === null || typeof given !== "object" ? String(given) : given.constructor.name,
        cure: "an LSTM takes [h, c], other modules h",
        details: { path },
      });
    if (given.dtype !== "float32" || given.shape.join() !== wanted.join()) {
      const batch = leading.unbatched ? "" : "batch, ";
      const meaning = stacked ? `, [layers x directions, ${batch}hiddenSize]` : "";
      refuse(
        place,
        `float32 ${dims(wanted)}${meaning}`,
        `${given.dtype} ${dims(given.shape)}`,
        stacked ? "batchFirst does not apply to states" : "one row a sequence",
      );
    }
    const size = leading.batch * units;
    slots.forEach(({ layer, part }, k) => {
      state[layer]![part] = {
        dtype: "float32",
        shape: [leading.batch, units],
        data: (given.data as Float32Array).slice(k * size, (k + 1) * size),
      };
    });
  }
  return Object.keys(state).length > 0 ? state : null;
}

/** A result with the operations of a tensor. */
const tensorOf = (value: HostTensor | PackedSequence): Tensor | PackedSequence =>
  value instanceof PackedSequence
    ? new PackedSequence(EagerTensor.of(value.data), value.lengths)
    : EagerTensor.of(value);

/** Runs once and gives values in the structure that `forward` returned. */
export async function execute(prepared: Prepared, values: readonly unknown[]): Promise<unknown> {
  const { traced, model, timeMajor } = prepared;
  const { graph, spec } = traced;
  const { tensors, leading, lengths } = feedsOf(prepared, values);
  const state = initialState(prepared, values, leading);
  const result =
    graph.kind === "step"
      ? await model.step(tensors, state ?? {})
      : await model.sequence(tensors, { ...(state && { state }), ...(lengths && { lengths }) });
  const after = await result.state.toTypedArrays();
  result.state.dispose();

  const known = new Map(spec.layers.map((layer) => [layer.name, layer]));
  const tensorValue = (value: SymbolicTensor): HostTensor | PackedSequence => {
    const ref = refOf(graph, value);
    const output = result.outputs[ref]!;
    if (value instanceof SymbolicWeights) {
      const batchMajor = timeMajor ? swapAxes(output) : output;
      return leading.unbatched ? reshape(batchMajor, batchMajor.shape.slice(1)) : batchMajor;
    }
    const features = output.shape.slice(modelAxes(graph, leading, timeMajor).length);
    const perStep = value.sequence && (known.has(ref) || graph.inputs.some((input) => input.name === ref));
    if (graph.kind !== "sequence" || !perStep) {
      const lead =
        graph.kind === "sequence" || graph.kind === "step"
          ? leading.unbatched
            ? []
            : [leading.batch]
          : leading.shape;
      return reshape(output, [...lead, ...(graph.kind === "sequence" ? output.shape.slice(1) : features)]);
    }
    if (value.packed) return new PackedSequence(timeMajor ? output : swapAxes(output), lengths!);
    return reshape(output, [...leading.shape, ...features]);
  };
  const stateValue = ({ slots, stacked }: SymbolicState): HostTensor => {
    const parts = slots.map(({ layer, part, units }) =>
      reshape(after[layer]![part]!, leading.unbatched ? [units] : [leading.batch, units]),
    );
    return stacked ? stack(parts) : parts[0]!;
  };
  const valueOf = (described: unknown): unknown => {
    if (described instanceof SymbolicTensor) return tensorOf(tensorValue(described));
    if (described instanceof SymbolicState) return tensorOf(stateValue(described));
    if (Array.isArray(described)) return described.map(valueOf);
    if (typeof described === "object" && described !== null)
      return Object.fromEntries(Object.entries(described).map(([key, item]) => [key, valueOf(item)]));
    return described;
  };
  return valueOf(traced.result);
}
