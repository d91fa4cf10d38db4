import type { WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import type { HostTensor } from "../contract/tensor.js";
import type { TorchBinding } from "../dialects/torch/index.js";
import { built } from "../layers/built.js";
import { reshaped } from "../layers/reshaped.js";
import { zeros } from "../layers/zeros.js";
import { lowerIn } from "../lowering/lower.js";
import type { Block, Value } from "../program/builder.js";
import { inline } from "../program/inline.js";
import { stateName } from "../program/runnable.js";
import type { Spec } from "../specification/types.js";
import { stateIn, takesStateIn } from "../specification/state.js";
import { asDtype, leadingOf, type Leading, modelAxes } from "./execute.js";
import { recording } from "./graph.js";
import { assertLengths, type Lengths, lengthsOf, PackedSequence } from "./packed.js";
import { SymbolicState, SymbolicTensor, SymbolicWeights } from "./symbolic.js";
import type { Operation } from "./tensor/operation.js";
import { apply, EagerTensor, Tensor, tensorOf } from "./tensor/tensor.js";
import { refOf, trace, type Traced, valueAt } from "./trace.js";

/** A module of PyTorch's own as one operation on tensors. */
export interface Leaf {
  /** Whose weights it has. */
  readonly owner: object;
  readonly name: string;
  /** Another text wherever any weight has other values. */
  version(): string;
  weights(spec: Spec, bindings: readonly TorchBinding[]): WeightMap;
  /** Describes it over symbolic tensors. */
  forward(...inputs: never[]): unknown;
}

/** What a call of one form comes to; kept, as modules are called again and again with the same. */
export interface LeafPlan {
  readonly traced: Traced;
  readonly timeMajor: boolean;
}

const nothing = new Float32Array(0);

/** A tensor as a trace needs it: its form. */
const formOf = (value: Tensor): HostTensor => ({ dtype: value.dtype, shape: value.shape, data: nothing });

/** Arguments as a trace takes them. */
export const formsOf = (value: unknown): unknown =>
  value instanceof Tensor
    ? formOf(value)
    : value instanceof PackedSequence
      ? new PackedSequence(formOf(tensorOf("pack", value.data)), value.lengths)
      : Array.isArray(value)
        ? value.map(formsOf)
        : value;

/** Describes a call by its spec. */
export function planOf(leaf: Leaf, forms: readonly unknown[]): LeafPlan {
  const named = [["", leaf.owner]] as const;
  // Apart from what is being described or traced around it.
  const traced = recording(null, () => trace(leaf, forms, named, leaf.name));
  return { traced, timeMajor: traced.graph.batchFirst !== true };
}

/** What a call gave, and how another one of the same form is made: without looking at each part again. */
export interface LeafCall {
  readonly result: unknown;
  /** Null where more than the form matters: rows that end early, ids that came as floats. */
  readonly again: ((args: readonly unknown[]) => unknown) | null;
}

/** Whether an argument has a form that `formsOf` gave. */
export function hasForm(value: unknown, form: unknown): boolean {
  if (Array.isArray(form))
    return (
      Array.isArray(value) && value.length === form.length && form.every((one, k) => hasForm(value[k], one))
    );
  if (!(value instanceof Tensor) || typeof form !== "object" || form === null) return Object.is(value, form);
  const { dtype, shape } = form as HostTensor;
  const own = value.shape;
  if (value.dtype !== dtype || own.length !== shape.length) return false;
  for (let k = 0; k < own.length; k++) if (own[k] !== shape[k]) return false;
  return true;
}

/** Calls a module of PyTorch's own on tensors, with values or traced. */
export function callLeaf(
  leaf: Leaf,
  { traced, timeMajor }: LeafPlan,
  key: string,
  args: readonly unknown[],
): LeafCall {
  const { graph, spec } = traced;
  const place = leaf.name;
  let lengths: readonly number[] | null = null;
  let leading: Leading | null = null;
  const inputs = graph.inputs.map((input) => {
    const value = valueAt(args, input.path);
    if (value instanceof PackedSequence) lengths = value.lengths;
    const given =
      value instanceof PackedSequence
        ? timeMajor
          ? tensorOf(place, value.data)
          : tensorOf(place, value.data).transpose(0, 1)
        : tensorOf(place, value as Tensor);
    const own = leadingOf(traced, input, formOf(given), timeMajor);
    leading ??= own;
    if (own.shape.join() !== leading.shape.join())
      refuse(
        place,
        `the leading axes of the first input, [${leading.shape.join(", ")}]`,
        `[${own.shape.join(", ")}]`,
      );
    return ofDtype(place, given, input.dtype);
  });
  if (graph.lengths) {
    lengths = lengthsOf(valueAt(args, graph.lengths.path) as Lengths);
    assertLengths(lengths, leading!.batch, leading!.shape[timeMajor ? 0 : 1]!, graph.lengths.enforceSorted);
  }
  const states = graph.states.map(({ path, slots, stacked }) => {
    const given = tensorOf(`${place} state`, valueAt(args, path) as Tensor);
    const own = leading!.unbatched ? [] : [leading!.batch];
    const wanted = [...(stacked ? [slots.length] : []), ...own, slots[0]!.units];
    if (given.dtype !== "float32" || given.shape.join() !== wanted.join())
      refuse(
        `${place} state`,
        `float32 [${wanted.join(", ")}]`,
        `${given.dtype} [${given.shape.join(", ")}]`,
        stacked ? "batchFirst does not apply to states" : "one row a sequence",
      );
    return given;
  });
  const rows = lengths as readonly number[] | null;
  const ends = rows ? [new EagerTensor("int32", [rows.length], Int32Array.from(rows))] : [];
  const body = new LeafBody(traced, leading!, timeMajor, rows !== null);
  let held: WeightMap | undefined;
  let of = leaf.version();
  const weights = (): WeightMap => (held ??= leaf.weights(spec, graph.bindings));
  const operation: Operation = {
    name: place,
    key: `leaf ${key}`,
    build: (b, operands) => body.build(b, operands, () => Object.keys(weights())),
    weights: {
      owner: leaf.owner,
      get version() {
        const version = leaf.version();
        if (version !== of) [of, held] = [version, undefined];
        return version;
      },
      values: weights,
    },
  };
  const paths = [...graph.inputs, ...graph.states].map(({ path }) => path);
  const plain = rows === null && inputs.every((one, k) => one === valueAt(args, paths[k]!));
  const again = (others: readonly unknown[]): unknown =>
    body.result(
      apply(
        operation,
        paths.map((path) => valueAt(others, path) as Tensor),
      ),
      null,
    );
  return {
    result: body.result(apply(operation, [...inputs, ...states, ...ends]), rows),
    again: plain ? again : null,
  };
}

function refuse(place: string, expected: string, got: string, cure = "see its forward"): never {
  throw unrollError({ code: "UNROLL_SHAPE", place, expected, got, cure });
}

/** Ids may come as whole floats, where there are values to see that. */
function ofDtype(place: string, given: Tensor, dtype: "float32" | "int32"): Tensor {
  if (given.dtype === dtype) return given;
  if (given.backend === null) return EagerTensor.of(asDtype(place, given, dtype));
  throw unrollError({
    code: "UNROLL_DTYPE",
    place,
    expected: dtype === "int32" ? "whole numbers (ids)" : dtype,
    got: given.dtype,
    cure: dtype === "int32" ? "long() makes them of floats" : "float() makes them",
  });
}

/** The program of a call, and what its results are. */
class LeafBody {
  readonly #traced: Traced;
  readonly #leading: Leading;
  readonly #timeMajor: boolean;
  readonly #ragged: boolean;

  constructor(traced: Traced, leading: Leading, timeMajor: boolean, ragged: boolean) {
    this.#traced = traced;
    this.#leading = leading;
    this.#timeMajor = timeMajor;
    this.#ragged = ragged;
  }

  /** The model's program, with everything around it in PyTorch's shapes. */
  build(b: Block, operands: readonly Value[], names: () => readonly string[]): Value[] {
    const { graph, spec, result } = this.#traced;
    const [leading, timeMajor] = [this.#leading, this.#timeMajor];
    const program = lowerIn(built, spec, {
      mode: graph.kind === "step" ? "step" : "sequence",
      timeMajor,
      ...(this.#ragged && { extents: { time: "lengths" as const } }),
    });
    const axes = modelAxes(graph, leading, timeMajor);
    const given: Record<string, Value> = Object.create(null) as Record<string, Value>;
    graph.inputs.forEach((input, k) => {
      given[input.name] = reshaped(b, operands[k]!, [...axes, ...input.features]);
    });
    const states = operands.slice(graph.inputs.length);
    const own = new Set(spec.layers.filter((layer) => takesStateIn(built, layer)).map(({ name }) => name));
    for (const { layer, part, shape } of stateIn(built, spec))
      if (own.has(layer)) given[stateName(layer, part)] = zeros(b, [leading.batch, ...shape]);
    graph.states.forEach(({ slots, stacked }, k) => {
      slots.forEach(({ layer, part, units }, slot) => {
        const one = stacked ? b.slice(states[k]!, 0, slot, 1) : states[k]!;
        given[stateName(layer, part)] = reshaped(b, one, [leading.batch, units]);
      });
    });
    const rest = states.slice(graph.states.length);
    if (this.#ragged) given["lengths"] = rest[0]!;
    const weights = rest.slice(this.#ragged ? 1 : 0);
    names().forEach((name, k) => (given[name] = weights[k]!));
    const outputs = inline(b, program, given);
    return found(result).map((value) => this.#value(b, value, outputs));
  }

  #value(b: Block, value: SymbolicTensor | SymbolicState, outputs: Readonly<Record<string, Value>>): Value {
    const { graph, spec } = this.#traced;
    const leading = this.#leading;
    if (value instanceof SymbolicState) {
      const parts = value.slots.map(({ layer, part, units }) =>
        reshaped(b, outputs[stateName(layer, part)]!, [
          ...(value.stacked ? [1] : []),
          ...(leading.unbatched ? [] : [leading.batch]),
          units,
        ]),
      );
      return parts.length === 1 ? parts[0]! : b.concat(parts, 0);
    }
    const ref = refOf(graph, value);
    const output = outputs[ref]!;
    const shape = output.type.shape as readonly number[];
    if (value instanceof SymbolicWeights) {
      const perm = shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k));
      const batchMajor = this.#timeMajor ? b.transpose(output, perm) : output;
      const rows = batchMajor.type.shape as readonly number[];
      return leading.unbatched ? reshaped(b, batchMajor, rows.slice(1)) : batchMajor;
    }
    const features = shape.slice(modelAxes(graph, leading, this.#timeMajor).length);
    const known =
      spec.layers.some(({ name }) => name === ref) || graph.inputs.some(({ name }) => name === ref);
    const perStep = value.sequence && known;
    if (graph.kind === "pointwise") return reshaped(b, output, [...leading.shape, ...features]);
    const lead = leading.unbatched ? [] : [leading.batch];
    if (graph.kind === "step") return reshaped(b, output, [...lead, ...features]);
    if (!perStep) return reshaped(b, output, [...lead, ...shape.slice(1)]);
    if (value.packed && !this.#timeMajor)
      return b.transpose(
        output,
        shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k)),
      );
    return value.packed ? output : reshaped(b, output, [...leading.shape, ...features]);
  }

  /** Tensors in the structure that `forward` returned. */
  result(tensors: readonly Tensor[], lengths: readonly number[] | null): unknown {
    let next = 0;
    const valueOf = (described: unknown): unknown => {
      if (described instanceof SymbolicTensor && described.packed)
        return new PackedSequence(tensors[next++]!, lengths!);
      if (described instanceof SymbolicTensor || described instanceof SymbolicState) return tensors[next++]!;
      return Array.isArray(described) ? described.map(valueOf) : described;
    };
    return valueOf(this.#traced.result);
  }
}

/** Symbolic values of a result, in order. */
function found(result: unknown): (SymbolicTensor | SymbolicState)[] {
  if (result instanceof SymbolicTensor || result instanceof SymbolicState) return [result];
  return Array.isArray(result) ? result.flatMap(found) : [];
}
