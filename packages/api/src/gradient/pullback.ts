import type { Dim, ValueId } from "../contract/program.js";
import type { Block, Value } from "../program/builder.js";
import type { BodyTape, Entry, PrimitiveEntry, ScanEntry } from "./tape.js";
import { pullOf } from "./rules.js";

/** Values of the forward pass where the way back can use them. */
export interface Bridge {
  /** What a value was. */
  use(value: Value): Value;
  /** Some value of its shape. */
  like(value: Value): Value;
}

/** Cotangents of values of the forward pass, by their ids; those that have none are zero. */
export class Cotangents {
  readonly #sums = new Map<ValueId, Value>();

  constructor(private readonly b: Block) {}

  of(value: Value): Value | undefined {
    return this.#sums.get(value.id);
  }

  add(value: Value, share: Value): void {
    const sum = this.#sums.get(value.id);
    const fitting = summedTo(this.b, share, value.type.shape);
    this.#sums.set(value.id, sum ? this.b.add(sum, fitting) : fitting);
  }
}

/** A cotangent of a value that was stretched: the sum over what it was stretched to. */
function summedTo(b: Block, share: Value, shape: readonly Dim[]): Value {
  const more = share.type.shape.length - shape.length;
  const axes = share.type.shape.flatMap((dim, k) =>
    k < more || (shape[k - more] === 1 && dim !== 1) ? [k] : [],
  );
  let sum = axes.length === 0 ? share : b.sum(share, axes);
  for (let k = 0; k < more; k++) sum = b.squeeze(sum, 0);
  return sum;
}

/** Zeros of a value's shape. */
export const zerosLike = (b: Block, like: Value): Value => b.expand(b.constant(0), like);

/** Goes back through what was recorded, and adds to the cotangents of what it was computed from. */
export function pullBack(b: Block, entries: readonly Entry[], bridge: Bridge, cotangents: Cotangents): void {
  for (const entry of [...entries].reverse())
    if (entry.kind === "scan") pullScan(b, entry, bridge, cotangents);
    else pullPrimitive(b, entry, bridge, cotangents);
}

function pullPrimitive(
  b: Block,
  { node, operands, result, varied, literals }: PrimitiveEntry,
  bridge: Bridge,
  cotangents: Cotangents,
): void {
  const g = cotangents.of(result);
  if (!g) return;
  const scope = {
    b,
    g,
    attrs: node.attrs,
    types: operands.map(({ type }) => type),
    operand: (k: number) => bridge.use(operands[k]!),
    result: () => bridge.use(result),
    like: (k: number) => bridge.like(operands[k]!),
    literal: (k: number) => literals[k]!,
  };
  operands.forEach((operand, k) => {
    if (varied[k]) cotangents.add(operand, pullOf(node)(scope, k));
  });
}

/**
 * A scan the other way round: it carries the cotangents of what the forward one carries, and sums of those of
 * captures; what it stacks are the cotangents of sequences.
 */
function pullScan(
  b: Block,
  { node, operands, results, varied, body, kept }: ScanEntry,
  bridge: Bridge,
  cotangents: Cotangents,
): void {
  const { carries: count, sequences: wide } = node;
  if (!results.some((result) => cotangents.of(result))) return;
  const those = (from: number, to: number): number[] =>
    operands.flatMap((_, k) => (k >= from && k < to && varied[k] ? [k] : []));
  const [carried, elements, captured] = [
    those(0, count),
    those(count, count + wide),
    those(count + wide, operands.length),
  ];
  const given = results.flatMap((result, k) => (k >= count && cotangents.of(result) ? [k] : []));
  const { carries, stacked } = b.scan(
    {
      carries: [
        ...carried.map((k) => cotangents.of(results[k]!) ?? zerosLike(b, bridge.like(results[k]!))),
        ...captured.map((k) => zerosLike(b, bridge.like(operands[k]!))),
      ],
      sequences: [
        ...operands.slice(count, count + wide).map((value) => bridge.use(value)),
        ...given.map((k) => cotangents.of(results[k]!)!),
        ...kept.map(([, all]) => bridge.use(all)),
      ],
      captures: operands.slice(count + wide).map((value) => bridge.use(value)),
      reverse: !node.reverse,
    },
    (inner, sums, values, captures) => {
      const own = new Cotangents(inner);
      const step = stepBridge(inner, body, {
        values: [
          ...body.inputs.slice(count, count + wide).map((value, k) => [value, values[k]!] as const),
          ...kept.map(([value], k) => [value, values[wide + given.length + k]!] as const),
          ...body.inputs.slice(count + wide).map((value, k) => [value, captures[k]!] as const),
        ],
        shapes: [...sums, ...values.slice(0, wide + given.length), ...captures],
      });
      carried.forEach((k, n) => {
        if (body.varied[k]) own.add(body.outputs[k]!, sums[n]!);
      });
      given.forEach((k, n) => own.add(body.outputs[k]!, values[wide + n]!));
      pullBack(inner, body.entries, step, own);
      return {
        carries: [
          ...carried.map((k, n) => own.of(body.inputs[k]!) ?? zerosLike(inner, sums[n]!)),
          ...captured.map((k, n) => {
            const [sum, share] = [sums[carried.length + n]!, own.of(body.inputs[k]!)];
            return share ? inner.add(sum, share) : sum;
          }),
        ],
        stacked: elements.map((k) => own.of(body.inputs[k]!) ?? zerosLike(inner, values[k - count]!)),
      };
    },
  );
  const add = (k: number, share: Value): void => cotangents.add(operands[k]!, share);
  carried.forEach((k, n) => add(k, carries[n]!));
  captured.forEach((k, n) => add(k, carries[carried.length + n]!));
  elements.forEach((k, n) => add(k, stacked[n]!));
}

/** Values of one step of the forward pass in the step back. */
function stepBridge(
  b: Block,
  { same }: BodyTape,
  { values, shapes }: { values: readonly (readonly [Value, Value])[]; shapes: readonly Value[] },
): Bridge {
  const known = new Map(values.map(([forward, here]) => [forward.id, here]));
  const use = (value: Value): Value => {
    const found = known.get(value.id);
    if (found) return found;
    // What is neither fed nor kept is the same at every step, and is made anew.
    const { node, operands } = same.get(value.id)!;
    const made = b.primitive(node.op as Parameters<Block["primitive"]>[0], operands.map(use), node.attrs);
    known.set(value.id, made);
    return made;
  };
  return {
    use,
    // A value of the same shape that is there already, so that none is kept for its shape alone.
    like: (value) =>
      shapes.find(
        ({ type }) =>
          type.shape.length === value.type.shape.length &&
          type.shape.every((dim, k) => dim === value.type.shape[k]),
      ) ?? use(value),
  };
}
