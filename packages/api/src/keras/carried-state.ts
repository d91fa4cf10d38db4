import type { HostTensor } from "../contract/tensor.js";

/** One part of a layer's state: what follows the layer's name in the spec layer that has it, and its name. */
export interface StatePart {
  /** What follows the layer's name; empty, or `/cell0` of a stack. */
  readonly within: string;
  /** Its name there: `h`, `forward.c`. */
  readonly part: string;
}

/** A state part for people: `h`, or `cell0.h` of a cell within a stack. */
export const partName = ({ within, part }: StatePart): string =>
  [within.slice(1), part].filter((word) => word !== "").join(".");

type Parts = Readonly<Record<string, HostTensor<"float32">>>;

/** The state that a stateful layer goes on from: it belongs to the layer, whichever model ran it last. */
export class CarriedState {
  /** By what follows the layer's name. */
  private parts = new Map<string, Parts>();

  /** Takes what one of the layer's spec layers is left in. */
  keep(within: string, parts: Parts): void {
    this.parts.set(within, parts);
  }

  /** One part as it was left; undefined before the first run. */
  part({ within, part }: StatePart): HostTensor<"float32"> | undefined {
    const own = this.parts.get(within);
    return own && Object.hasOwn(own, part) ? own[part] : undefined;
  }

  /** How many rows it has; null before the first run. */
  get rows(): number | null {
    const [first] = this.parts.values();
    return first === undefined ? null : (Object.values(first)[0]?.shape[0] ?? null);
  }

  /** Its parts in order, copied; null before the first run. */
  list(parts: readonly StatePart[]): readonly HostTensor<"float32">[] | null {
    if (this.parts.size === 0) return null;
    return parts.map((one) => {
      const { data, ...own } = this.part(one)!;
      return { ...own, data: data.slice() };
    });
  }

  /** Forgets it. */
  reset(): void {
    this.parts = new Map();
  }
}
