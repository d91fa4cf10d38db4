import type { KernelSource } from "./kernel-types.js";
import type { CompositeClaim } from "../contract/capabilities.js";
import type { Primitive } from "../program/primitives.js";
import type { Binder, Slot, Step } from "./slot.js";
import type { Region, ScanNode, ValueId, ValueType } from "../contract/program.js";

/** A primitive as the engine runs it. */
export interface PrimitiveOperation {
  readonly record: Primitive;
  /** Null where the result is the operand's memory in another shape. */
  readonly bind: Binder | null;
}

/** A composite that the engine runs its own way, and what it knows of it. */
export interface CompositeOperation {
  readonly claim: CompositeClaim;
  readonly bind: Binder;
}

/** What binding a scan needs of the plan around it. */
export interface ScanPlan {
  /** A value with memory of its own, never lent on. */
  fresh(type: ValueType): Slot;
  /** A value with memory from the pool. */
  leased(type: ValueType): Slot;
  /** Binds the nodes of a body, whose inputs have their slots, and returns its outputs. */
  region(body: Region, slots: Map<ValueId, Slot>, steps: Step[]): Slot[];
}

/** Turns a scan into a function that runs it, which it adds to `steps`; returns its outputs. */
export type ScanBinder = (node: ScanNode, ins: readonly Slot[], steps: Step[], plan: ScanPlan) => Slot[];

/** What programs of primitives have beside them. */
export interface Control {
  readonly scan: ScanBinder;
  /** The length of an axis that follows from others; NaN where one of those is missing. */
  readonly evaluateDim: (dim: string, sizes: (axis: string) => number | undefined) => number;
}

/** A part of what the engine can run. A page that loads few of them is small. */
export interface OperationSet {
  /** @internal Primitives by name. */
  readonly primitives?: Readonly<Record<string, PrimitiveOperation>>;
  /** @internal Composites that are run another way than by their body, by name. */
  readonly composites?: Readonly<Record<string, CompositeOperation>>;
  /** @internal What programs of primitives need beside them. */
  readonly control?: Control;
  /** @internal What computes. Default: plain loops. */
  readonly kernels?: KernelSource | undefined;
}

/** Everything that an engine can run. */
export interface Operations extends Omit<Required<OperationSet>, "control" | "kernels"> {
  readonly control: Control | undefined;
}
