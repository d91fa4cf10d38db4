import type { NamedValues, Value } from "../program/builder.js";
import type { AnyCell, Folded, LayerScope, StatePart, Surroundings, Wiring } from "./definition.js";
import type { ValueRef } from "./fields.js";
import type { RecurrentAttrs } from "./recurrence.js";
import { wireNoReads } from "./cell-reads.js";
import { STEPS, type ValueInfo, vectorOf } from "./value-info.js";
import { wireSize } from "./wiring.js";

/** What the layers that fold a cell over a sequence have in common. */
export interface PassLayer {
  readonly name: string;
  readonly input: ValueRef;
  readonly returns: "sequence" | "last";
  readonly maskedOutput: "zero" | "hold" | "ignore";
  readonly heldStart: "zeros" | "initialState";
  readonly initialState: Readonly<Record<string, ValueRef>> | null;
  /** Values that the cell reads beside its input, by the cell's names for them. */
  readonly reads?: Readonly<Record<string, ValueRef>>;
}

/**
 * A cell of a layer: where the layer holds it, what its parts and weights begin with, and which way it
 * runs.
 */
export interface Pass {
  /** The layer's key that holds the cell. */
  readonly key: string;
  readonly cell: AnyCell;
  /** "" or `forward.`, `backward.` */
  readonly prefix: string;
  readonly reverse: boolean;
}

type Cells = Pick<Surroundings, "cell">;

/** State parts of a layer, in the order of its passes. */
export const passState = (passes: readonly Pass[], around: Cells): readonly StatePart[] =>
  passes.flatMap(({ cell, prefix }) =>
    around
      .cell(cell)
      .state(cell)
      .map((part) => ({ ...part, part: prefix + part.part })),
  );

/** Weights of a layer, under the names of its passes. */
export const passWeights = (passes: readonly Pass[], around: Cells) =>
  passes.flatMap(({ cell, prefix }) =>
    around
      .cell(cell)
      .weights(cell)
      .map(({ name, shape }) => ({ name: prefix + name, shape })),
  );

/** The output of a pass: a sequence along the input's axis, or the last vector alone. */
export const passOutput = (layer: PassLayer, size: number, around: Surroundings): ValueInfo => ({
  ...vectorOf(size),
  axis: layer.returns === "sequence" ? around.value(layer.input).axis : null,
});

/** Final states as values. */
export const stateValues = (parts: readonly StatePart[]): readonly (readonly [string, ValueInfo])[] =>
  parts.map(({ part, shape, dtype }) => [`.${part}`, { dtype, axis: null, shape }]);

/** Why a layer that folds cells can't be stepped as far as its input goes; null where it can. */
export function whyNotAlongSteps({ name, input }: PassLayer, around: Surroundings): string | null {
  const { axis } = around.value(input);
  if (axis === STEPS) return null;
  const cure = "make it a model of its own, and its output an input of this one";
  return `layer "${name}" runs along "${axis}", which is there as a whole (${cure})`;
}

/** What a cell is called: a custom one has a name of its own. */
const nameOf = (cell: AnyCell & { readonly name?: string }): string => cell.name ?? cell.kind;

/**
 * Checks that cells fit the layer's input, and that an initial state is given in full. @throws UNROLL_SPEC
 */
export function wirePasses(layer: PassLayer, passes: readonly Pass[], wiring: Wiring): void {
  const info = wiring.read(layer.input, "input");
  if (info.axis === null || info.shape.length !== 1)
    wiring.refuse(
      "input",
      "a sequence [batch, time, inputSize]",
      layer.input,
      "a recurrent layer reads a sequence of vectors",
    );
  for (const { cell } of passes) {
    wireSize(cell.inputSize, info, wiring);
    const { reads } = wiring.cell(cell);
    if (reads) reads.wire(layer, cell, wiring);
    else wireNoReads(layer.reads, wiring);
    const held = layer.maskedOutput === "hold" && layer.heldStart === "initialState";
    if (held && wiring.cell(cell).outputPart(cell) === null)
      wiring.refuse(
        "heldStart",
        `zeros, as the output of cell "${nameOf(cell)}" is no part of its state`,
        layer.heldStart,
        "there is no initial output to hold",
      );
  }
  if (layer.initialState !== null) wireInitialState(layer.initialState, passState(passes, wiring), wiring);
}

function wireInitialState(
  given: Readonly<Record<string, ValueRef>>,
  parts: readonly StatePart[],
  wiring: Wiring,
): void {
  const names = Object.keys(given);
  if (names.length !== parts.length || parts.some(({ part }) => !names.includes(part)))
    wiring.refuse(
      "initialState",
      `the parts ${parts.map(({ part }) => part).join(", ")}`,
      names,
      "give every part, or null for the caller's state",
    );
  for (const { part, shape, dtype } of parts) {
    const ref = given[part]!;
    const state = wiring.read(ref, `initialState.${part}`);
    if (state.axis !== null || state.dtype !== dtype || state.shape.join() !== shape.join())
      wiring.refuse(
        `initialState.${part}`,
        `a value [${["batch", ...shape].join(", ")}]`,
        ref,
        "a state has one vector a row",
      );
  }
}

/** Those of a record whose names begin with a prefix, without it. */
const under = (prefix: string, given: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(given)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );

/**
 * Folds one pass over its input; its output is [time, batch, units], or [batch, units] where the last is
 * asked for.
 */
export function foldPass(layer: PassLayer, pass: Pass, scope: LayerScope): Folded {
  const { b } = scope;
  const { cell, prefix, reverse } = pass;
  const definition = scope.cell(cell);
  const { maskedOutput, heldStart } = layer;
  const extent = maskedOutput === "ignore" ? {} : scope.extent(scope.value(layer.input).axis);
  const own = {
    b,
    weights: under(prefix, scope.weights),
    state: under(prefix, scope.initial),
    reads: definition.reads?.values(layer, cell, scope) ?? {},
  };
  const last = layer.returns === "last";
  const part = definition.outputPart(cell);
  // Only a returned sequence shows the outputs of masked steps, so a layer that returns its last output
  // asks for the form that every engine can run, unless that output is no part of its state.
  const how: RecurrentAttrs =
    (last && part !== null) || maskedOutput === "ignore"
      ? { reverse, maskedOutput: "zero", heldStart: "zeros" }
      : { reverse, maskedOutput, heldStart };
  const { y, state } = definition.fold(cell, scope.read(layer.input), own, extent, how);
  if (!last) return { y, state };
  return {
    y: lastOutput(layer, { ...scope, extent }, part === null ? null : state[part]!, y, reverse),
    state,
  };
}

/**
 * The output of the step processed last. Held, it is what the last real step gave: the final state part
 * that is the output, except in a row without any real step that holds zeros.
 */
function lastOutput(
  layer: PassLayer,
  { b, extent: { lengths, mask } }: { readonly b: LayerScope["b"]; readonly extent: NamedValues },
  final: Value | null,
  y: Value,
  reverse: boolean,
): Value {
  const ofLastStep = (): Value => b.squeeze(b.slice(y, 0, reverse ? 0 : -1, 1), 0);
  if (final === null) return ofLastStep();
  if (lengths === undefined && mask === undefined) return final;
  if (layer.maskedOutput === "zero") return ofLastStep();
  if (layer.heldStart === "initialState") return final;
  const real = lengths
    ? b.expandDims(b.less(b.constant(0, [], "int32"), lengths), 1)
    : b.less(
        b.constant(0),
        b.transpose(b.reduceMax(b.primitive("cast", [mask!], { dtype: "float32" }), 0), [1, 0]),
      );
  return b.select(real, final, b.constant(0));
}
