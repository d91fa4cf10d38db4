import type { Program } from "../contract/program.js";
import type { Catalog, LayerScope } from "../layers/definition.js";
import { refsOf } from "../layers/fields.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { type Block, type NamedValues, PartialProgramBuilder, type Value } from "../program/builder.js";
import { type RowEnds, rowEndsName, type RunMode, stateName } from "../program/runnable.js";
import { cellIn, everything, layerIn, surroundingsOf } from "../specification/catalog.js";
import { initialStateIn, notSteppable, whyNotSteppableIn } from "../specification/state.js";
import type { LayerSpec, Spec } from "../specification/types.js";
import { valuesIn } from "../specification/values.js";

/** What kind of program to make of a spec. */
export type LowerMode = RunMode;

/**
 * Values as they come and go, [batch, axis, ...] or time-major, and as layers see them, [axis, batch, ...].
 */
class Border {
  readonly #b: Block;
  readonly #how: RunMode;

  constructor(b: Block, how: RunMode) {
    this.#b = b;
    this.#how = how;
  }

  /** Whether values along a time axis have it in this program. */
  #whole(axis: string | null): axis is string {
    return axis !== null && !(this.#how.mode === "step" && axis === STEPS);
  }

  /** Leading axes outside. */
  leading(axis: string | null): string[] {
    if (!this.#whole(axis)) return ["batch"];
    return this.#how.timeMajor ? [axis, "batch"] : ["batch", axis];
  }

  /** From the one to the other; the same both ways. */
  swap(value: Value, axis: string | null): Value {
    if (!this.#whole(axis) || this.#how.timeMajor) return value;
    const perm = value.type.shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k));
    return this.#b.transpose(value, perm);
  }
}

/** The name of a program says what it is made for. */
function programName(name: string, { mode, extents = {} }: RunMode): string {
  const ends = Object.entries(extents).map(([axis, kind]) => rowEndsName(axis, kind));
  return `${name} ${mode}${ends.length === 0 ? "" : ` with ${ends.join(" and ")}`}`;
}

/** Inputs that say how rows end, by time axis. */
function rowEnds(builder: PartialProgramBuilder, extents: RowEnds, border: Border): Map<string, NamedValues> {
  const ends = Object.entries(extents).map(([axis, kind]): [string, NamedValues] => {
    const name = rowEndsName(axis, kind);
    if (kind === "lengths")
      return [axis, { lengths: builder.input(name, { dtype: "int32", shape: ["batch"] }) }];
    const mask = builder.input(name, { dtype: "bool", shape: border.leading(axis) });
    return [axis, { mask: border.swap(mask, axis) }];
  });
  return new Map(ends);
}

/** A layer's state before the run: from the caller, or from values made before. */
function initialState(
  catalog: Catalog,
  layer: LayerSpec,
  builder: PartialProgramBuilder,
  values: ReadonlyMap<string, Value>,
): Record<string, Value> {
  const from = initialStateIn(catalog, layer);
  const parts = layerIn(catalog, layer).state?.(layer, { cell: (cell) => cellIn(catalog, cell) }) ?? [];
  return Object.fromEntries(
    parts.map(({ part, dtype, shape }) => [
      part,
      from === null
        ? builder.input(stateName(layer.name, part), { dtype, shape: ["batch", ...shape] })
        : values.get(from[part]!)!,
    ]),
  );
}

/** As {@link lower}, of a valid spec whose layers a catalog has. */
export function lowerIn(catalog: Catalog, spec: Spec, how: RunMode): Program {
  const reason = how.mode === "step" ? whyNotSteppableIn(catalog, spec) : null;
  if (reason !== null) throw notSteppable(spec.name, reason);
  const builder = new PartialProgramBuilder(programName(spec.name, how), catalog.primitives);
  const b = builder.block;
  const border = new Border(b, how);
  const infos: ReadonlyMap<string, ValueInfo> = valuesIn(catalog, spec);
  const values = new Map<string, Value>();
  for (const { name, dtype, shape, axis } of spec.inputs) {
    const given = builder.input(name, { dtype, shape: [...border.leading(axis), ...shape] });
    values.set(name, border.swap(given, axis));
  }
  const ends = rowEnds(builder, how.extents ?? {}, border);
  const read = new Set([
    ...spec.outputs,
    ...spec.layers.flatMap((layer) => refsOf(layer, layerIn(catalog, layer).fields)),
  ]);
  const around: Omit<LayerScope, "weights" | "initial" | "wanted"> = {
    ...surroundingsOf(catalog, infos),
    b,
    stepping: how.mode === "step",
    read: (ref) => values.get(ref)!,
    extent: (axis) => ends.get(axis ?? "") ?? {},
  };

  const finals: [string, Value][] = [];
  for (const layer of spec.layers) {
    const definition = layerIn(catalog, layer);
    const weights = Object.fromEntries(
      (definition.weights?.(layer, around) ?? []).map(({ name, shape }) => [
        name,
        builder.param(`${layer.name}.${name}`, shape),
      ]),
    );
    const initial = initialState(catalog, layer, builder, values);
    const { outputs, state, extent } = definition.lower(layer, {
      ...around,
      wanted: (suffix) => read.has(layer.name + suffix),
      weights,
      initial,
    });
    if (extent) ends.set(...extent);
    for (const [suffix, value] of Object.entries(outputs)) values.set(layer.name + suffix, value);
    for (const [part, value] of Object.entries(state)) {
      values.set(`${layer.name}.${part}`, value);
      finals.push([stateName(layer.name, part), value]);
    }
  }
  for (const ref of spec.outputs) builder.output(ref, border.swap(values.get(ref)!, infos.get(ref)!.axis));
  for (const [name, value] of finals) builder.output(name, value);
  return builder.finish();
}

/**
 * Makes the program of a valid spec; `Runnable.program` says of what form.
 *
 * @throws UNROLL_UNSUPPORTED for a step program of a spec that can't be stepped
 */
export const lower = (spec: Spec, how: LowerMode): Program => lowerIn(everything, spec, how);
