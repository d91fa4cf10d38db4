import { type KerasTensor, type LayerCall, lookedAt, type MaskSource } from "./layer.js";

/** Where a time begins: an input, or a call that makes a sequence of what has no time. */
type Origin = KerasTensor | LayerCall;

/** Finds the name of the time axis of a value, or of a call's output. */
export type AxisOf = (of: Origin) => string;

/** The inputs of a call that run along one time axis, group by group. */
const groupsOf = (call: LayerCall): readonly (readonly KerasTensor[])[] => {
  const { layer, inputs } = call;
  const groups = layer.inTime?.map((group) => group.flatMap((k) => inputs[k] ?? []));
  // Whatever makes a time of its own of several sequences reads each in its own.
  return (groups ?? (remakes(call) ? inputs.map((one) => [one]) : [inputs])).map((group) =>
    group.filter(({ form }) => form.axis !== null),
  );
};

const remakes = ({ layer, inputs }: LayerCall): boolean => layer.remakesTime(inputs.map(({ form }) => form));

/**
 * Gives each time axis a name. Inputs are of one axis where a layer reads them side by side; that of the
 * first output is `time`, the axis that steps run along, and others have the name of where they begin.
 */
export function axesOf(
  calls: readonly LayerCall[],
  inputs: readonly KerasTensor[],
  outputs: readonly KerasTensor[],
  nameOf: AxisOf,
): AxisOf {
  const parents = new Map<Origin, Origin>();
  const root = (one: Origin): Origin => {
    const above = parents.get(one);
    return above ? root(above) : one;
  };
  const origin = (of: Origin): Origin => {
    const call = "layer" in of ? of : of.source;
    const along = call && groupsOf(call)[0]![0];
    return along && !remakes(call) ? origin(along) : root(call ?? of);
  };
  /** Where the steps of a model begin that have an output's as theirs, or thin them out to it. */
  const beginning = (of: Origin): Origin =>
    "layer" in of && remakes(of) ? beginning(origin(of.inputs[0]!)) : of;
  const join = (a: KerasTensor, b: KerasTensor): void => {
    const [one, other] = [origin(a), origin(b)];
    if (one !== other) parents.set(other, one);
  };
  for (const call of calls) {
    for (const [first, ...others] of groupsOf(call)) for (const other of others) join(first!, other);
    groupsOf(call).forEach(([along], k) => {
      if (along)
        for (const mask of (call.masks[k]?.sources ?? []).map(lookedAt)) if (!mask.source) join(along, mask);
    });
  }
  const sequences = inputs.filter(({ form }) => form.axis !== null);
  const roots = [...new Set(sequences.map(root))];
  const stepped = outputs.find(({ form }) => form.axis !== null);
  const steps = stepped ? beginning(origin(stepped)) : roots.length === 1 ? roots[0] : undefined;
  const first = new Map(roots.map((own) => [own, sequences.find((tensor) => root(tensor) === own)!]));
  return (of) => {
    const own = origin(of);
    if (own === steps) return "time";
    const name = nameOf(first.get(own) ?? own);
    return name === "time" || name === "batch" ? `${name}_axis` : name;
  };
}

/**
 * What masks the values that a layer reads along each time axis; nothing for a layer that works on each step
 * by itself, or for one that folds over all of them, which can ignore what masks others.
 */
export function maskedBy(
  call: LayerCall,
  axisOf: AxisOf,
): { axis: string; sources: readonly MaskSource[] }[] {
  const folds = call.layer.foldsTime;
  if (!folds && !call.layer.inTime) return [];
  return groupsOf(call).flatMap(([along], k) => {
    const sources = call.masks[k]?.sources ?? [];
    return along && !(folds && sources.length === 0) ? [{ axis: axisOf(along), sources }] : [];
  });
}
