import { unrollError } from "../contract/error.js";
import { limits } from "../contract/limits.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { padded, type PaddingMode } from "../layers/padding.js";
import type { Block, Value } from "../program/builder.js";
import { Applied } from "./applied.js";
import { noMore } from "./arguments.js";
import { as } from "./tensor/elementwise.js";
import { sizesOf } from "./tensor/operation.js";
import { stretched } from "./tensor/reshaping.js";
import { shownShape } from "./tensor/sizes.js";
import { apply, type Tensor, tensorOf } from "./tensor/tensor.js";

/** Elements added before and after the last axis, then the one before it, and so on. */
export type Pads = readonly number[];

/** Names of `F.pad`'s modes. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

const modes: readonly PadMode[] = ["constant", "reflect", "replicate", "circular"];

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
}

/** [before, after] of each axis that has any, the last first. @throws UNROLL_ARGUMENT */
function ends(
  place: string,
  pads: unknown,
  shape: readonly number[],
  mode: PadMode,
): (readonly [number, number])[] {
  const list = Array.isArray(pads) ? (pads as readonly unknown[]) : [];
  const whole = (one: unknown): boolean =>
    Number.isInteger(one) && Math.abs(one as number) <= limits.constants;
  if (list.length === 0 || list.length % 2 !== 0 || !list.every(whole) || list.length / 2 > shape.length)
    refuse(
      place,
      `[before, after] for each of ${shape.length} axes at most, the last first`,
      shown(pads),
      "e.g. [1, 1]",
    );
  const pairs = Array.from(
    { length: list.length / 2 },
    (_, k) => list.slice(2 * k, 2 * k + 2) as [number, number],
  );
  const low = pairs.length + 1;
  if (mode !== "constant" && shape.length !== low && shape.length !== low + 1)
    refuse(
      place,
      `${low} or ${low + 1} axes, as mode ${mode} pads ${pairs.length} of them`,
      shownShape(shape),
      "it pads the axes after batch and channels",
    );
  pairs.forEach(([before, after], k) => {
    const size = shape[shape.length - 1 - k]!;
    const most = { constant: Infinity, replicate: Infinity, reflect: size - 1, circular: size }[mode];
    const cut = mode !== "constant" && (before < 0 || after < 0);
    if (cut || Math.max(before, after) > most || size + before + after < 1)
      refuse(
        place,
        cut
          ? `no negative ends with mode ${mode}`
          : `ends that axis ${shape.length - 1 - k} has elements for`,
        `${before} and ${after} of ${size}`,
        cut ? "narrow() drops elements" : "pad less, or with a constant",
      );
  });
  return pairs;
}

/** An axis with a value at its ends, or without some of its own elements. */
function withEnds(
  b: Block,
  x: Value,
  axis: number,
  [before, after]: readonly [number, number],
  value: Value,
): Value {
  const size = sizesOf(x)[axis]!;
  const [from, to] = [Math.max(-before, 0), size - Math.max(-after, 0)];
  const own = to - from === size ? x : b.slice(x, axis, from, to - from);
  const piece = (length: number): Value[] =>
    length <= 0
      ? []
      : [
          stretched(
            b,
            value,
            sizesOf(x).map((one, k) => (k === axis ? length : one)),
          ),
        ];
  const parts = [...piece(before), own, ...piece(after)];
  return parts.length === 1 ? own : b.concat(parts, axis);
}

/**
 * More elements at the ends of the last axes.
 *
 * @param pads [before, after] of the last axis, then of the one before it, and so on; negative ones drop
 *   elements, of mode `constant` alone
 * @param mode `constant`, the default; or what is at the axis's ends: `reflect`, `replicate`, `circular`,
 *   which pad the axes after batch and channels
 * @param value what stands there, of mode `constant` alone; default 0
 * @throws UNROLL_ARGUMENT for ends that don't fit
 */
export function pad(
  x: Tensor | HostTensor,
  pads: Pads,
  mode: PadMode = "constant",
  value?: number | null,
  ...rest: never[]
): Tensor {
  noMore("F.pad", rest);
  return padOf("F.pad", tensorOf("F.pad", x), pads, mode, value ?? null);
}

function padOf(place: string, x: Tensor, pads: unknown, mode: PadMode, value: number | null): Tensor {
  if (!modes.includes(mode)) refuse(place, modes.join(", "), shown(mode), "PyTorch has no other mode");
  if (value !== null && (typeof value !== "number" || mode !== "constant"))
    refuse(place, "a number as value, of mode constant alone", shown(value), "leave it out");
  const { shape } = x;
  const pairs = ends(place, pads, shape, mode);
  const key = `pad ${mode} ${pairs.join(";")}`;
  if (mode !== "constant") {
    const own: PaddingMode = mode;
    const build = (b: Block, [given]: readonly Value[]): Value =>
      pairs.reduce((made, pair, k) => padded(b, made, shape.length - 1 - k, pair, own), given!);
    return apply({ name: "pad", key, build }, [x])[0]!;
  }
  const filling = tensorOf(place, value ?? 0);
  const build = (b: Block, [given, fill]: readonly Value[]): Value =>
    pairs.reduce(
      (made, pair, k) => withEnds(b, made, shape.length - 1 - k, pair, as(b, fill!, x.dtype)),
      given!,
    );
  return apply({ name: "pad", key, build }, [x, filling])[0]!;
}

/** Pads the last axes of its input by as much each time. */
abstract class Pad extends Applied {
  /** [before, after] of the last axis, then of the one before it. */
  readonly padding: Pads;

  constructor(
    private readonly place: string,
    private readonly axes: 1 | 2,
    padding: number | Pads,
    rest: readonly never[],
  ) {
    super();
    noMore(place, rest, "see its options");
    this.padding = typeof padding === "number" ? new Array<number>(2 * axes).fill(padding) : padding;
    if (!Array.isArray(this.padding) || this.padding.length !== 2 * axes)
      refuse(
        place,
        `one number, or ${2 * axes}`,
        shown(padding),
        "[before, after] for each axis, the last first",
      );
  }

  protected readonly mode: PadMode = "constant";
  protected readonly filling: number | null = null;

  forward(x: Tensor): Tensor {
    const { place, axes } = this;
    const own = tensorOf(place, x);
    const rank = own.dim();
    if (rank !== axes + 1 && rank !== axes + 2)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: `an input [batch, channels, ${axes === 1 ? "time" : "height, width"}]`,
        got: shownShape(own.shape),
        cure: "F.pad takes other ranks",
      });
    return padOf(place, own, this.padding, this.mode, this.filling);
  }
}

/** `torch.nn.ZeroPad1d` on [batch, channels, time]. */
export class ZeroPad1d extends Pad {
  /** @param padding elements at both ends, or [before, after] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.ZeroPad1d", 1, padding, rest);
  }
}

/** `torch.nn.ZeroPad2d` on [batch, channels, height, width]. */
export class ZeroPad2d extends Pad {
  /** @param padding elements at all ends, or [left, right, top, bottom] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.ZeroPad2d", 2, padding, rest);
  }
}

/** `torch.nn.ConstantPad1d` on [batch, channels, time]. */
export class ConstantPad1d extends Pad {
  protected override readonly filling: number;

  /**
   * @param padding elements at both ends, or [before, after]
   * @param value what stands there
   */
  constructor(padding: number | Pads, value: number, ...rest: never[]) {
    super("nn.ConstantPad1d", 1, padding, rest);
    this.filling = given("nn.ConstantPad1d", value);
  }
}

/** `torch.nn.ConstantPad2d` on [batch, channels, height, width]. */
export class ConstantPad2d extends Pad {
  protected override readonly filling: number;

  /**
   * @param padding elements at all ends, or [left, right, top, bottom]
   * @param value what stands there
   */
  constructor(padding: number | Pads, value: number, ...rest: never[]) {
    super("nn.ConstantPad2d", 2, padding, rest);
    this.filling = given("nn.ConstantPad2d", value);
  }
}

/** A value that PyTorch has no default for. @throws UNROLL_ARGUMENT without one */
const given = (place: string, value: unknown): number =>
  typeof value === "number" ? value : refuse(place, "a value as a number", shown(value), "e.g. (1, 0.5)");

/** `torch.nn.ReflectionPad1d` on [batch, channels, time]: what is at the ends, turned around. */
export class ReflectionPad1d extends Pad {
  protected override readonly mode = "reflect";

  /** @param padding elements at both ends, or [before, after] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.ReflectionPad1d", 1, padding, rest);
  }
}

/** `torch.nn.ReflectionPad2d` on [batch, channels, height, width]. */
export class ReflectionPad2d extends Pad {
  protected override readonly mode = "reflect";

  /** @param padding elements at all ends, or [left, right, top, bottom] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.ReflectionPad2d", 2, padding, rest);
  }
}

/** `torch.nn.ReplicationPad1d` on [batch, channels, time]: the first and the last element over and over. */
export class ReplicationPad1d extends Pad {
  protected override readonly mode = "replicate";

  /** @param padding elements at both ends, or [before, after] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.ReplicationPad1d", 1, padding, rest);
  }
}

/** `torch.nn.ReplicationPad2d` on [batch, channels, height, width]. */
export class ReplicationPad2d extends Pad {
  protected override readonly mode = "replicate";

  /** @param padding elements at all ends, or [left, right, top, bottom] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.ReplicationPad2d", 2, padding, rest);
  }
}

/** `torch.nn.CircularPad1d` on [batch, channels, time]: what is at the other end. */
export class CircularPad1d extends Pad {
  protected override readonly mode = "circular";

  /** @param padding elements at both ends, or [before, after] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.CircularPad1d", 1, padding, rest);
  }
}

/** `torch.nn.CircularPad2d` on [batch, channels, height, width]. */
export class CircularPad2d extends Pad {
  protected override readonly mode = "circular";

  /** @param padding elements at all ends, or [left, right, top, bottom] */
  constructor(padding: number | Pads, ...rest: never[]) {
    super("nn.CircularPad2d", 2, padding, rest);
  }
}
