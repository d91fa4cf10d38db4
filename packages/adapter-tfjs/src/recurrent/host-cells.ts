import { elementMaps } from "@unroll/api/adapter";
import type { Recurrence } from "./recurrence.js";

/**
 * Advances row `row` of a batch by one step, in place.
 *
 * @param z [batch, columns]: h·U of this step; used as scratch
 * @param p [batch, gates * units] from `pAt` on: x·K and the bias of this step
 * @param h [batch, units] and `c` alike: the state before, and after
 * @param n [batch, units]: (r ⊙ h)·Un, only where the reset comes before the product
 */
export type AdvanceRow = (
  row: number,
  z: Float32Array,
  p: Float32Array,
  pAt: number,
  h: Float32Array,
  c: Float32Array,
  n: Float32Array,
) => void;

/** Computes r ⊙ h into `out` before the candidate's product; leaves z and r in `z`. */
export type ResetRow = (
  row: number,
  z: Float32Array,
  p: Float32Array,
  pAt: number,
  h: Float32Array,
  out: Float32Array,
) => void;

const add = (z: Float32Array, zAt: number, p: Float32Array, pAt: number, count: number): void => {
  for (let k = 0; k < count; k++) z[zAt + k] = z[zAt + k]! + p[pAt + k]!;
};

/** The equations of one row, by kind. Same formulas as the composites' decompositions. */
export function advanceRow(r: Recurrence): AdvanceRow {
  const { units } = r;
  const [activation, gate, output] = [
    elementMaps[r.activation]!,
    elementMaps[r.recurrentActivation]!,
    elementMaps[r.outputActivation]!,
  ];
  switch (r.kind) {
    case "lstm":
      return (row, z, p, pAt, h, c) => {
        const [at, s] = [row * 4 * units, row * units];
        add(z, at, p, pAt + at, 4 * units);
        gate(z, at, z, at, 2 * units);
        activation(z, at + 2 * units, z, at + 2 * units, units);
        gate(z, at + 3 * units, z, at + 3 * units, units);
        for (let k = 0; k < units; k++) {
          const next = z[at + units + k]! * c[s + k]! + z[at + k]! * z[at + 2 * units + k]!;
          c[s + k] = next;
          z[at + k] = next;
        }
        output(z, at, z, at, units);
        for (let k = 0; k < units; k++) h[s + k] = z[at + 3 * units + k]! * z[at + k]!;
      };
    case "gru":
      if (r.resetAfter) {
        return (row, z, p, pAt, h) => {
          const [at, s] = [row * 3 * units, row * units];
          const from = pAt + at;
          add(z, at, p, from, 2 * units);
          gate(z, at, z, at, 2 * units);
          for (let k = 0; k < units; k++)
            z[at + 2 * units + k] = p[from + 2 * units + k]! + z[at + units + k]! * z[at + 2 * units + k]!;
          activation(z, at + 2 * units, z, at + 2 * units, units);
          for (let k = 0; k < units; k++)
            h[s + k] = z[at + k]! * h[s + k]! + (1 - z[at + k]!) * z[at + 2 * units + k]!;
        };
      }
      return (row, z, p, pAt, h, _c, n) => {
        const [at, s, from] = [row * 2 * units, row * units, pAt + row * 3 * units + 2 * units];
        add(n, s, p, from, units);
        activation(n, s, n, s, units);
        for (let k = 0; k < units; k++) h[s + k] = z[at + k]! * h[s + k]! + (1 - z[at + k]!) * n[s + k]!;
      };
    case "simpleRnn":
      return (row, z, p, pAt, h) => {
        const at = row * units;
        add(z, at, p, pAt + at, units);
        activation(z, at, h, at, units);
      };
    default:
      return r.kind satisfies never;
  }
}

export function resetRow(r: Recurrence): ResetRow {
  const { units } = r;
  const gate = elementMaps[r.recurrentActivation]!;
  return (row, z, p, pAt, h, out) => {
    const [at, s] = [row * 2 * units, row * units];
    add(z, at, p, pAt + row * 3 * units, 2 * units);
    gate(z, at, z, at, 2 * units);
    for (let k = 0; k < units; k++) out[s + k] = z[at + units + k]! * h[s + k]!;
  };
}
