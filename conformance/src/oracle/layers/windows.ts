import type { ConvolutionSpec, PoolSpec } from "@unroll/api";
import { type Context, type Equations, largest, sizeOf, type Value } from "./context.js";
import { activated } from "./pointwise.js";

type Sliding = ConvolutionSpec | PoolSpec;

/** How windows stand along one axis of some length. */
interface Line {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  /** How many windows there are. */
  readonly count: number;
}

/** Rule `windows`: where windows stand along an axis of n elements. */
function lineOf(layer: Sliding, k: number, n: number): Line {
  const [size, stride, dilation] = [layer.kernelSize[k]!, layer.strides[k]!, layer.dilations[k]!];
  const padding = typeof layer.padding === "string" ? layer.padding : layer.padding[k]!;
  const wide = (size - 1) * dilation + 1;
  if (padding === "same") {
    const count = Math.ceil(n / stride);
    const total = Math.max((count - 1) * stride + wide - n, 0);
    return { size, stride, dilation, before: Math.floor(total / 2), count };
  }
  const [before, after] =
    padding === "valid" ? [0, 0] : padding === "causal" ? [wide - 1, 0] : (padding as [number, number]);
  return {
    size,
    stride,
    dilation,
    before,
    count: Math.max(Math.floor((n + before + after - wide) / stride) + 1, 0),
  };
}

/** Whether a layer gives as many steps as it reads, whatever their number. */
function keepsTime(layer: Sliding): boolean {
  const at = [7, 8].map((n) => lineOf(layer, 0, n).count);
  return layer.strides[0] === 1 && at[0] === 7 && at[1] === 8;
}

/** Which element stands at a place that may lie in the padding: null for none. */
function elementAt(place: number, n: number, mode: ConvolutionSpec["paddingMode"]): number | null {
  if (place >= 0 && place < n) return place;
  if (mode === "reflect") return place < 0 ? -place : 2 * (n - 1) - place;
  if (mode === "replicate") return place < 0 ? 0 : n - 1;
  return mode === "circular" ? (place + n) % n : null;
}

/** Every combination of the counts, the last running fastest. */
const grid = (counts: readonly number[]): readonly (readonly number[])[] =>
  counts.reduce<readonly (readonly number[])[]>(
    (all, count) => all.flatMap((one) => Array.from({ length: count }, (_, k) => [...one, k])),
    [[]],
  );

/** What a window sees at each of its places: the channels, or null where it is padding. */
type Seen<V> = readonly (V | null)[];

/** A row's windows: at each step and place of features, what they see. */
function seenBy<V>(
  layer: Sliding,
  { m }: Context<V>,
  value: Value<V>,
  steps: readonly V[],
  heldBefore: readonly V[],
  mode: ConvolutionSpec["paddingMode"],
): readonly (readonly Seen<V>[])[] {
  const features = value.shape.slice(0, -1);
  const channels = value.shape[value.shape.length - 1]!;
  const over = layer.over !== "features";
  const line = over ? lineOf(layer, 0, steps.length) : null;
  const inner = features.map((n, k) =>
    layer.over === "time"
      ? { size: 1, stride: 1, dilation: 1, before: 0, count: n }
      : lineOf(layer, over ? k + 1 : k, n),
  );
  const times = line ? line.count : steps.length;
  const places = grid([line?.size ?? 1, ...inner.map(({ size }) => size)]);
  const vectorAt = (t: number): V | null => {
    if (t < 0 && heldBefore.length > 0) return heldBefore[heldBefore.length + t]!;
    const found = line ? elementAt(t, steps.length, mode) : t;
    return found === null ? null : steps[found]!;
  };
  return Array.from({ length: times }, (_, t) =>
    grid(inner.map(({ count }) => count)).map((at) =>
      places.map(([p, ...own]) => {
        const vector = vectorAt(line ? t * line.stride + p! * line.dilation - line.before : t);
        const where = inner.map(({ stride, dilation, before }, k) =>
          elementAt(at[k]! * stride + own[k]! * dilation - before, features[k]!, mode),
        );
        if (vector === null || where.includes(null)) return null;
        const index = where.reduce<number>((sum, one, k) => sum * features[k]! + one!, 0);
        return m.slice(vector, index * channels, channels);
      }),
    ),
  );
}

/** Runs a layer with windows: rule `windows`, with the layer's own function of what a window sees. */
function slid<V>(
  layer: Sliding,
  context: Context<V>,
  channels: number,
  mode: ConvolutionSpec["paddingMode"],
  give: (seen: Seen<V>) => V,
) {
  const { m, real } = context;
  const value = context.value(layer.input);
  const size = sizeOf(value.shape);
  const over = layer.over !== "features";
  const held =
    over && (Array.isArray(layer.padding) ? layer.padding[0] : layer.padding) === "causal"
      ? (layer.kernelSize[0]! - 1) * layer.dilations[0]!
      : 0;
  const skips = over && layer.maskedSteps === "skip";
  const keeps = over && keepsTime(layer);
  const ends: number[] = [];
  const after: V[] = [];
  let shape: readonly number[] = [];
  const rows = value.rows.map((steps, row) => {
    const there = steps.map((_, t) => t).filter((t) => !skips || real(value.axis, row, t));
    const own = there.map((t) => steps[t]!);
    const before = Array.from({ length: held }, (_, k) =>
      m.slice(context.given(layer.name, "window", row, held * size), k * size, size),
    );
    if (held > 0) after.push(m.concat([...before, ...own].slice(-held)));
    const made = seenBy(layer, context, value, own, before, mode).map((places) => m.concat(places.map(give)));
    ends.push(made.length);
    shape = outputShape(layer, value.shape, channels);
    const empty = m.zeros(sizeOf(shape));
    if (!over) return made;
    if (keeps) return steps.map((_, t) => (there.includes(t) ? made[there.indexOf(t)]! : empty));
    const most = lineOf(layer, 0, steps.length).count;
    return Array.from({ length: most }, (_, t) => made[t] ?? empty);
  });
  if (held > 0) context.record(layer.name, "window", [held, ...value.shape], after);
  if (layer.axis !== null && skips) context.ends(layer.axis, ends);
  const windows =
    held > 0
      ? [
          [
            `${layer.name}.window`,
            { axis: null, shape: [held, ...value.shape], rows: after.map((one) => [one]) },
          ] as const,
        ]
      : [];
  return [[layer.name, { axis: layer.axis ?? value.axis, shape, rows }] as const, ...windows];
}

function outputShape(layer: Sliding, shape: readonly number[], channels: number): readonly number[] {
  const features = shape.slice(0, -1);
  if (layer.over === "time") return [...features, channels];
  const first = layer.over === "features" ? 0 : 1;
  return [...features.map((n, k) => lineOf(layer, first + k, n).count), channels];
}

/** Rule `convolution`. */
export const convolution: Equations<ConvolutionSpec> = <V>(layer: ConvolutionSpec, context: Context<V>) => {
  const { m } = context;
  const { name, groups, filters, inputShape, activation } = layer;
  const channels = inputShape[inputShape.length - 1]!;
  const [own, each] = [channels / groups, filters / groups];
  const kernel = context.weight(`${name}.kernel`)!;
  const bias = context.weight(`${name}.bias`);
  const places = sizeOf(layer.kernelSize);
  // The columns of one group, [places x own, each].
  const kernels = Array.from({ length: groups }, (_, g) =>
    m.concat(
      Array.from({ length: places * own }, (_unused, row) => m.slice(kernel, row * filters + g * each, each)),
    ),
  );
  const give = (seen: Seen<V>): V => {
    const parts = kernels.map((one, g) => {
      const x = m.concat(seen.map((vector) => (vector ? m.slice(vector, g * own, own) : m.zeros(own))));
      return m.affine(x, one, each, bias && m.slice(bias, g * each, each));
    });
    const y = m.concat(parts);
    return activated(m, activation, y);
  };
  return slid(layer, context, filters, layer.paddingMode, give);
};

/** Rule `pool`. */
export const pool: Equations<PoolSpec> = <V>(layer: PoolSpec, context: Context<V>) => {
  const { m } = context;
  const { shape } = context.value(layer.input);
  const channels = shape[shape.length - 1]!;
  const give = (seen: Seen<V>): V => {
    const there = seen.filter((vector): vector is V & NonNullable<V> => vector !== null);
    if (layer.kind === "average")
      return m.divide(
        there.reduce<V>(m.add, m.zeros(channels)),
        layer.countPadding ? seen.length : there.length,
      );
    return there.length > 0 ? largest<V>(m, there) : m.constant(-Infinity, channels);
  };
  return slid(layer, context, channels, "zeros", give);
};
