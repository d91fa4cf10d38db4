import type { Block, Value } from "../program/builder.js";
import type { AnyCell, LayerScope, ReadValue, Surroundings, Wiring } from "./definition.js";
import type { CellRead, ValueRef } from "./fields.js";
import { maskOf } from "./recurrence.js";
import { STEPS } from "./value-info.js";

/** A layer whose cell may read further values. */
interface ReadingLayer {
  readonly name: string;
  readonly input: ValueRef;
  readonly reads?: Readonly<Record<string, ValueRef>>;
}

const axes: { readonly [A in CellRead["along"]]: string } = {
  steps: "a sequence along the layer's own axis",
  whole: "a sequence",
  none: "a value without time",
};

/** Checks that every value which a cell reads is given and fits. @throws UNROLL_SPEC */
export function wireReads(
  { input, reads = {} }: ReadingLayer,
  passes: readonly { readonly cell: AnyCell }[],
  wiring: Wiring,
): void {
  const wanted = Object.assign({}, ...passes.map(({ cell }) => wiring.cell(cell).reads?.(cell))) as Readonly<
    Record<string, CellRead>
  >;
  const [names, given] = [Object.keys(wanted), Object.keys(reads)];
  if (names.length !== given.length || names.some((name) => !given.includes(name)))
    wiring.refuse(
      "reads",
      names.length === 0
        ? "{}, as the cell reads nothing beside its input"
        : `values for ${names.join(", ")}`,
      given,
      "a custom cell says what it reads; a bidirectional layer gives its cells nothing, so use two recurrent layers",
    );
  const { axis } = wiring.read(input, "input");
  for (const [name, { along, shape }] of Object.entries(wanted)) {
    const info = wiring.read(reads[name]!, `reads.${name}`);
    const fits = along === "steps" ? info.axis === axis : (info.axis === null) === (along === "none");
    if (!fits || info.dtype !== "float32" || info.shape.join() !== shape.join())
      wiring.refuse(
        `reads.${name}`,
        `${axes[along]} of float32 [${shape.join(", ")}]`,
        reads[name],
        "make the cell and the value agree",
      );
  }
}

/** Why a layer can't be stepped for what its cell reads; null where it can. */
export function whyNotReadAlongSteps(
  { name, reads = {} }: ReadingLayer,
  cell: AnyCell,
  around: Surroundings,
): string | null {
  const wanted = around.cell(cell).reads?.(cell) ?? {};
  for (const [read, { along }] of Object.entries(wanted)) {
    const { axis, ending } = around.value(reads[read]!);
    if (along === "whole" && axis === STEPS)
      return `layer "${name}" looks at all of "${STEPS}" through "${read}"`;
    if (ending) return `layer "${name}" sees the end of "${STEPS}" through "${read}"`;
  }
  return null;
}

/** The values that a cell reads, as it takes them. */
export function readValues(
  { reads = {} }: ReadingLayer,
  cell: AnyCell,
  scope: LayerScope,
): Readonly<Record<string, ReadValue>> {
  const wanted = Object.entries(scope.cell(cell).reads?.(cell) ?? {});
  return Object.fromEntries(
    wanted.map(([name, { along }]) => {
      const value = scope.read(reads[name]!);
      return [name, along === "whole" ? whole(scope, reads[name]!, value) : { value }];
    }),
  );
}

/** A sequence [source, batch, ...] batch-major, with which of its steps are real. */
function whole({ b, extent, value: info }: LayerScope, ref: ValueRef, value: Value): ReadValue {
  const mask = maskOf(b, value, extent(info(ref).axis)) ?? allReal(b, value);
  const perm = value.type.shape.map((_, k) => (k === 0 ? 1 : k === 1 ? 0 : k));
  return { value: b.transpose(value, perm), mask: b.transpose(mask, [1, 0]) };
}

/** True for every step of every row, bool [source, batch]. */
const allReal = (b: Block, value: Value): Value => {
  const before = b.constant(-1, [], "int32");
  return b.less(before, b.add(b.expandDims(b.iota(value, 0), 1), b.expandDims(b.iota(value, 1), 0)));
};
