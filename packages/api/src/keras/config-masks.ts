import { KerasTensor, type Mask, type MaskSource, Unequal } from "./layer.js";
import { refuseConfig } from "./config-options.js";

/** A value of a model that only masks others: the steps that are real, by which inputs say so. */
export class MaskValue {
  constructor(
    /** The inputs any of which says that a step is real; `all` where every step is. */
    readonly sources: readonly MaskSource[] | "all",
    /** What Keras computes it by. */
    readonly node: Mask["node"],
  ) {}

  /** As a layer takes it. */
  get mask(): Mask {
    return { sources: this.sources === "all" ? [] : this.sources, node: this.node };
  }
}

/** A value of a graph that is read. */
export type ConfigValue = KerasTensor | MaskValue;

/** Where a value comes from, for the order of layers. */
const nodeOf = (value: ConfigValue): Mask["node"] | NonNullable<KerasTensor["source"]> =>
  value instanceof MaskValue ? value.node : (value.source ?? value);

/**
 * Operations by which Keras 3 makes masks, and which are layers of a functional model: real where ids are not
 * 0, masks joined, and stretched over the features of what they mask to be joined there.
 */
const operations: Readonly<
  Record<string, (args: readonly unknown[], node: Mask["node"]) => MaskValue | null>
> = {
  NotEqual: ([of, value], node) => {
    if (!(of instanceof KerasTensor) || typeof value !== "number") return null;
    // Of features it is what `Masking` says of each, of which `Any` makes one of the step.
    if (of.dtype === "float32") return new MaskValue([Unequal.of(of, value)], node);
    return value === 0 ? new MaskValue([of], node) : null;
  },
  ZerosLike: ([like], node) => (like instanceof KerasTensor ? new MaskValue([], node) : null),
  OnesLike: ([like], node) => (like instanceof KerasTensor ? new MaskValue("all", node) : null),
  ExpandDims: joinedMasks,
  LogicalOr: joinedMasks,
  Any: joinedMasks,
  Concatenate: ([list], node) => joinedMasks(list as readonly unknown[], node),
};

function joinedMasks(args: readonly unknown[], node: Mask["node"]): MaskValue | null {
  const all = Array.isArray(args) ? args.filter((one): one is MaskValue => one instanceof MaskValue) : [];
  if (all.length === 0 || all.length < args.length) return null;
  if (all.some(({ sources }) => sources === "all")) return new MaskValue("all", node);
  return new MaskValue([...new Set(all.flatMap(({ sources }) => sources as readonly MaskSource[]))], node);
}

/** Whether a class is such an operation, and nothing else. */
export const isMaskOperation = (className: string): boolean =>
  className !== "Concatenate" && Object.hasOwn(operations, className);

/** Whether a layer of a file works on masks alone. */
export const areMasks = (args: readonly unknown[]): boolean =>
  args.flat(2).some((one) => one instanceof MaskValue);

/** What an operation makes of its arguments. @throws UNROLL_UNSUPPORTED for one that makes no mask */
export function maskOperation(place: string, className: string, args: readonly unknown[]): MaskValue {
  const parents = args
    .flat(2)
    .filter((one): one is ConfigValue => one instanceof KerasTensor || one instanceof MaskValue);
  const node = { parents: parents.map(nodeOf) };
  return (
    (Object.hasOwn(operations, className) ? operations[className]!(args, node) : null) ??
    refuseConfig(
      place,
      "an operation on masks, as Keras makes it",
      className,
      "operations on tensors have no layer here: build the model without it",
      "UNROLL_UNSUPPORTED",
    )
  );
}
