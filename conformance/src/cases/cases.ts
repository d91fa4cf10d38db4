import {
  type HostTensor,
  type InputSpec,
  type Spec,
  specState,
  specWeights,
  type WeightMap,
} from "@unroll/api";
import * as fc from "fast-check";
import { type Case, SOURCE } from "./case.js";
import { LAST_START } from "./following.js";
import { IDS, mayGrow, specs, type SpecWish } from "./specs.js";
import { ids, type ValueChoice, values } from "./values.js";

/** What cases a property wants. */
export interface CaseWish extends SpecWish {
  /** How rows end: `none` all steps real, `lengths`, `mask`, or `any` of them. Default `any`. */
  readonly extent?: "none" | "lengths" | "mask" | "any";
  /** At least so many rows. */
  readonly minBatch?: number;
}

interface Choice {
  readonly spec: Spec;
  readonly batch: number;
  readonly time: number;
  readonly values: ValueChoice;
  readonly gain: number;
  readonly extent: "none" | "lengths" | "mask";
  readonly extents: readonly number[];
  readonly memory: {
    readonly time: number;
    readonly extent: "none" | "lengths" | "mask";
    readonly extents: readonly number[];
  };
  readonly state: boolean;
  readonly cuts: readonly number[];
}

/** Weights of a spec: a scale for every tensor, values that differ for every gate and unit. */
export function weightsOf(spec: Spec, choice: ValueChoice, gain: number): WeightMap {
  return Object.fromEntries(
    specWeights(spec).map(({ name, shape }) => {
      const matrix = shape.length === 2 && !name.endsWith(".table");
      const rows = matrix ? shape[0]! : 1;
      const tame = mayGrow(spec) ? Math.min(gain, 0.5) : gain;
      const drawn = values(
        choice,
        name,
        shape,
        matrix ? tame * Math.min(1, 2 / Math.sqrt(rows)) : Math.min(1, gain),
      );
      // No variance is less than nothing.
      return [name, name.endsWith(".movingVariance") ? { ...drawn, data: drawn.data.map(Math.abs) } : drawn];
    }),
  );
}

/** How rows end along one time axis. */
function endsOf(
  extent: "none" | "lengths" | "mask",
  extents: readonly number[],
  batch: number,
  time: number,
): Pick<Case, "lengths" | "mask"> {
  const at = (k: number): number => extents[k % extents.length]!;
  // A mask may start with masked steps, have gaps, and cover whole rows.
  const masked = (row: number): boolean[] =>
    Array.from(
      { length: time },
      (_, t) => at(row) !== 0 && (at(row) === 1 || ((at(row) * 7919 + t * 31 + row) >> 1) % 3 !== 0),
    );
  return {
    lengths: extent === "lengths" ? Array.from({ length: batch }, (_, row) => at(row) % (time + 1)) : null,
    mask: extent === "mask" ? Array.from({ length: batch }, (_, row) => masked(row)) : null,
  };
}

function build({
  spec,
  batch,
  time,
  values: drawn,
  gain,
  extent,
  extents,
  memory,
  state,
  cuts,
}: Choice): Case {
  const [{ dtype, shape }, source] = spec.inputs as readonly [InputSpec, InputSpec?];
  const full = [batch, time, ...shape];
  return {
    spec,
    batch,
    time,
    weights: weightsOf(spec, drawn, gain),
    x: dtype === "int32" ? ids(drawn, "x", full, IDS) : values(drawn, "x", full),
    ...endsOf(extent, extents, batch, time),
    memory: source
      ? {
          time: memory.time,
          x: values(drawn, SOURCE, [batch, memory.time, ...source.shape]),
          ...endsOf(memory.extent, memory.extents, batch, memory.time),
        }
      : null,
    state: state ? stateOf(spec, batch, drawn) : null,
    cuts: [...new Set(cuts.map((cut) => cut % (time + 1)))].sort((a, b) => a - b),
  };
}

/** A nonzero state for every part that a caller gives. */
export function stateOf(spec: Spec, batch: number, drawn: ValueChoice): Case["state"] {
  const own = new Set(
    spec.layers
      .filter((layer) => !("initialState" in layer) || layer.initialState === null)
      .map(({ name }) => name),
  );
  const state: Record<string, Record<string, HostTensor>> = {};
  for (const { layer, part, shape, dtype } of specState(spec)) {
    if (!own.has(layer)) continue;
    const parts = (state[layer] ??= {});
    const [name, full] = [`${layer}.${part}`, [batch, ...shape]];
    // A cache is listed before the count of its slots that are filled; what counts positions has none.
    const most = parts["key"]?.shape[1] ?? LAST_START;
    parts[part] = dtype === "int32" ? ids(drawn, name, full, most + 1) : values(drawn, name, full);
  }
  return state;
}

/** Another run of a case's model, from no state: other numbers, rows and steps. */
export function caseOn(
  { spec, weights }: Pick<Case, "spec" | "weights">,
  run: {
    readonly seed: number;
    readonly batch: number;
    readonly time: number;
    readonly extent: "none" | "lengths" | "mask";
  },
): Case {
  const { seed, batch, time, extent } = run;
  const [{ dtype, shape }] = spec.inputs as readonly [InputSpec];
  const [drawn, full] = [{ seed, fine: true }, [batch, time, ...shape]];
  return {
    spec,
    weights,
    batch,
    time,
    x: dtype === "int32" ? ids(drawn, "x", full, IDS) : values(drawn, "x", full),
    ...endsOf(extent, [seed * 7919 + 11, seed * 104_729 + 3, seed], batch, time),
    memory: null,
    state: null,
    cuts: [],
  };
}

/** The same model with other weights. */
export const reweighted = (given: Case, seed: number): Case => ({
  ...given,
  weights: weightsOf(given.spec, { seed, fine: true }, 1),
});

/** Cases; they shrink to one row, one step, one unit, coarse numbers and no state. */
export function cases(wish: CaseWish = {}): fc.Arbitrary<Case> {
  const { extent = "any", minBatch = 1 } = wish;
  // Lengths that show faults at the edge of a block, now and then; the long ones with activations that hold
  // values in.
  const short = fc.integer({ min: 1, max: 7 });
  const usual = fc.record({ spec: specs(wish), time: short });
  const long = fc.record({
    spec: specs({ ...wish, depth: 1, bounded: true }),
    time: fc.integer({ min: 1, max: 80 }),
  });
  return fc
    .record({
      sized: fc.oneof(
        { withCrossShrink: true },
        { weight: 9, arbitrary: usual },
        { weight: 1, arbitrary: long },
      ),
      batch: fc.integer({ min: minBatch, max: minBatch + 4 }),
      values: fc.record({ seed: fc.integer({ min: 1, max: 2 ** 30 }), fine: fc.boolean() }),
      gain: fc.constantFrom(1, 0.5, 2, 4),
      extent: extent === "any" ? fc.constantFrom("none", "none", "lengths", "mask") : fc.constant(extent),
      extents: fc.array(fc.nat({ max: 80 }), { minLength: 1, maxLength: 5 }),
      memory: fc.record({
        time: fc.integer({ min: 1, max: 5 }),
        extent: fc.constantFrom("none", "lengths", "mask"),
        extents: fc.array(fc.nat({ max: 80 }), { minLength: 1, maxLength: 5 }),
      }),
      state: fc.boolean(),
      cuts: fc.array(fc.nat({ max: 80 }), { minLength: 1, maxLength: 3 }),
    })
    .map(({ sized, ...rest }) => build({ ...sized, ...rest }));
}
