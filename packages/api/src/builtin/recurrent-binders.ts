import type { Cell, CellFactory } from "./kernel-types.js";
import type { Binder, Binding, Slot } from "./slot.js";

/**
 * Rows, of all steps together, whose input is multiplied at once: enough to share each panel of weights, few
 * enough that their products are still in the cache when the steps read them.
 */
const ROWS = 64;

interface Bound {
  readonly cell: Cell;
  readonly of: (name: string) => Slot | undefined;
  readonly time: number;
  readonly batch: number;
  readonly units: number;
  /** The most steps that are prepared at once. */
  readonly block: number;
}

/**
 * Makes the cell of a composite whose input is [time, batch, inputSize], or [batch, inputSize] for one step.
 */
function bindCell(
  name: string,
  loops: CellFactory,
  sequence: boolean,
  { ins, inputNames, attrs, kernels, pack, scratch }: Binding,
): Bound {
  const of = (input: string): Slot | undefined => ins[inputNames.indexOf(input)];
  const x = of("x")!;
  const [batch, units] = of("h")!.shape as [number, number];
  const time = sequence ? x.shape[0]! : 1;
  const block = Math.min(time, Math.ceil(ROWS / batch));
  const make = kernels.fast?.cells[name] ?? loops;
  const cell = make({
    kernels,
    attrs,
    units,
    batch,
    scratch,
    block,
    x: x.data as Float32Array,
    inputBias: of("inputBias")?.data as Float32Array | undefined,
    recurrentBias: of("recurrentBias")?.data as Float32Array | undefined,
    pack(weight, from = 0, count) {
      const [rows, cols] = of(weight)!.shape as [number, number];
      return pack(of(weight)!, from, cols, rows, count ?? cols);
    },
  });
  return { cell, of, time, batch, units, block };
}

const outputOf = ({ outs, outputNames }: Binding, name: string): Float32Array | undefined =>
  outs[outputNames.indexOf(name)]?.data as Float32Array | undefined;

/** One step of a cell. */
export const cellBinder =
  (name: string, loops: CellFactory): Binder =>
  (binding) => {
    const { cell, of } = bindCell(name, loops, false, binding);
    const h = of("h")!.data as Float32Array;
    const c = (of("c")?.data ?? h) as Float32Array;
    const nextH = outputOf(binding, "h")!;
    const nextC = outputOf(binding, "c") ?? nextH;
    return () => {
      cell.project(0, 1);
      cell.step(0, h, c, nextH, nextC);
    };
  };

/**
 * A cell folded over time. What a masked step computes is dropped row by row,
 * never blended, so nothing that padding holds reaches a result.
 */
export const sequenceBinder =
  (name: string, loops: CellFactory): Binder =>
  (binding) => {
    const { cell, of, time, batch, units, block } = bindCell(name, loops, true, binding);
    const { attrs, scratch } = binding;
    const size = batch * units;
    const initial = ["h", "c"].map((part) => of(part)?.data as Float32Array | undefined);
    const y = outputOf(binding, "y")!;
    const h = outputOf(binding, "h")!;
    const c = outputOf(binding, "c");
    const [mask, lengths] = [of("mask")?.data, of("lengths")?.data];
    const masked = mask !== undefined || lengths !== undefined;
    // Without a mask the step may overwrite the state it reads.
    const nextH = masked ? scratch(size) : h;
    const nextC = c && (masked ? scratch(size) : c);
    const reverse = attrs["reverse"] === true;
    const hold = attrs["maskedOutput"] === "hold";
    // Whether a held output shows h yet: at once if it starts from the initial state, else from the first
    // real step on.
    const shows = scratch(batch);
    const showsFirst = attrs["heldStart"] === "initialState" ? 1 : 0;

    const keep = (t: number): void => {
      for (let row = 0; row < batch; row++) {
        const real = mask ? mask[t * batch + row] !== 0 : t < lengths![row]!;
        const at = row * units,
          to = t * size + at;
        if (real) {
          shows[row] = 1;
          for (let k = at; k < at + units; k++) h[k] = nextH[k]!;
          if (c) for (let k = at; k < at + units; k++) c[k] = nextC![k]!;
        }
        const shown = real || (hold && shows[row] === 1);
        for (let k = 0; k < units; k++) y[to + k] = shown ? h[at + k]! : 0;
      }
    };

    return () => {
      h.set(initial[0]!);
      c?.set(initial[1]!);
      shows.fill(showsFirst);
      let first = 0;
      for (let step = 0; step < time; step++) {
        const t = reverse ? time - 1 - step : step;
        if (step % block === 0) {
          const count = Math.min(block, time - step);
          first = reverse ? t + 1 - count : t;
          cell.project(first, count);
          if (cell.fold && !masked) {
            cell.fold(first, count, reverse, h, c ?? h, y);
            step += count - 1;
            continue;
          }
        }
        cell.step(t - first, h, c ?? h, nextH, nextC ?? nextH);
        if (masked) keep(t);
        else y.set(h, t * size);
      }
    };
  };
