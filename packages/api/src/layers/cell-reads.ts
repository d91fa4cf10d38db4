import type { Block, Value } from "../program/builder.js";
import type { AnyCell, CellReads, LayerScope, ReadingLayer, ReadValue, Wiring } from "./definition.js";
import type { CellRead } from "./custom-fields.js";
import type { ValueRef } from "./fields.js";
import { maskOf } from "./recurrence.js";
import { STEPS } from "./value-info.js";

const axes: { readonly [A in CellRead["along"]]: string } = {
  steps: "a sequence along the layer's own axis",
  whole: "a sequence",
  none: "a value without time",
};

/** Checks that a layer gives nothing to a cell that reads nothing. @throws UNROLL_SPEC */
export function wireNoReads(reads: ReadingLayer["reads"], wiring: Wiring): void {
  const given = Object.keys(reads ?? {});
  if (given.length > 0)
    wiring.refuse(
      "reads",
      "{}, as the cell reads nothing beside its input",
      given,
      "a custom cell says what it reads",
    );
}

/** How a cell reads values, where it says in `of` which. */
export const cellReads = <Cell extends AnyCell>(of: CellReads<Cell>["of"]): CellReads<Cell> => ({
  of,
  wire({ input, reads = {} }, cell, wiring) {
    const wanted = of(cell);
    const [names, given] = [Object.keys(wanted), Object.keys(reads)];
    if (names.length === 0) wireNoReads(reads, wiring);
    else if (names.length !== given.length || names.some((name) => !given.includes(name)))
      wiring.refuse(
        "reads",
        `values for ${names.join(", ")}`,
        given,
        "a bidirectional layer gives its cells nothing, so use two recurrent layers",
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
  },
  whyNotSteppable({ name, reads = {} }, cell, around) {
    for (const [read, { along }] of Object.entries(of(cell))) {
      const { axis, ending } = around.value(reads[read]!);
      if (along === "whole" && axis === STEPS)
        return `layer "${name}" looks at all of "${STEPS}" through "${read}"`;
      if (ending) return `layer "${name}" sees the end of "${STEPS}" through "${read}"`;
    }
    return null;
  },
  values: ({ reads = {} }, cell, scope) =>
    Object.fromEntries(
      Object.entries(of(cell)).map(([name, { along }]) => {
        const value = scope.read(reads[name]!);
        return [name, along === "whole" ? whole(scope, reads[name]!, value) : { value }];
      }),
    ),
});

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
