import type { ConcatTimeSpec, CropTimeSpec, PadTimeSpec, UpsampleTimeSpec } from "@unroll/api";
import { type Context, type Equations, type LayerValues, sizeOf } from "./context.js";

/** What layers along time with a time axis of their own have in common. */
interface OwnTime {
  readonly name: string;
  readonly axis: string | null;
  readonly maskedSteps: "skip" | "ignore";
}

/**
 * What a layer makes of the steps that are there to it, row by row, put where these are if the output has
 * their time axis, and to the front of one of its own; zeros elsewhere.
 *
 * @param make makes of a row's steps those of the output
 */
export function ownTime<V>(
  layer: OwnTime,
  context: Context<V>,
  inputs: readonly string[],
  shape: readonly number[],
  make: (steps: readonly (readonly V[])[]) => readonly V[],
): LayerValues<V> {
  const values = inputs.map(context.value);
  const [{ axis: time, rows }] = values as [(typeof values)[0]];
  const empty = context.m.zeros(sizeOf(shape));
  const there = (axis: string | null, row: number, t: number): boolean =>
    layer.maskedSteps === "ignore" || context.real(axis, row, t);
  const made = rows.map((_, row) =>
    make(values.map((value) => value.rows[row]!.filter((_unused, t) => there(value.axis, row, t)))),
  );
  if (layer.axis === null) {
    const placed = rows.map((steps, row) => {
      const left = [...made[row]!];
      return steps.map((_, t) => (there(time, row, t) ? left.shift()! : empty));
    });
    return [[layer.name, { axis: time, shape, rows: placed }]];
  }
  const most = rows.map((_, row) => make(values.map((value) => value.rows[row]!)).length);
  if (layer.maskedSteps === "skip")
    context.ends(
      layer.axis,
      made.map((steps) => steps.length),
    );
  const whole = made.map((steps, row) => Array.from({ length: most[row]! }, (_, t) => steps[t] ?? empty));
  return [[layer.name, { axis: layer.axis, shape, rows: whole }]];
}

/** Rule `pad-time`. */
export const padTime: Equations<PadTimeSpec> = <V>(layer: PadTimeSpec, context: Context<V>) => {
  const { shape } = context.value(layer.input);
  const zeros = (count: number): V[] => Array.from({ length: count }, () => context.m.zeros(sizeOf(shape)));
  return ownTime(layer, context, [layer.input], shape, ([steps]) => [
    ...zeros(layer.before),
    ...steps!,
    ...zeros(layer.after),
  ]);
};

/** Rule `crop-time`. */
export const cropTime: Equations<CropTimeSpec> = (layer, context) =>
  ownTime(layer, context, [layer.input], context.value(layer.input).shape, ([steps]) =>
    steps!.filter((_, t) => t >= layer.before && t < steps!.length - layer.after),
  );

/** Rule `upsample-time`. */
export const upsampleTime: Equations<UpsampleTimeSpec> = (layer, context) =>
  ownTime(layer, context, [layer.input], context.value(layer.input).shape, ([steps]) =>
    steps!.flatMap((step) => Array.from({ length: layer.times }, () => step)),
  );

/** Rule `concat-time`. */
export const concatTime: Equations<ConcatTimeSpec> = (layer, context) =>
  ownTime(layer, context, layer.inputs, context.value(layer.inputs[0]!).shape, (sequences) =>
    sequences.flat(),
  );
