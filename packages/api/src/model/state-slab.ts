import { assertFits } from "../contract/limits.js";
import { allocate, type DType, type DTypeArray, sizeOf } from "../contract/tensor.js";
import type { SignatureState } from "../program/runnable.js";

type Data = DTypeArray[DType];

/** Where the state of one stream is. */
export interface StateRow {
  /** Its row of the slab; -1 before it was first written. */
  at: number;
  /** What it starts from, until it has a row; null for zeros. */
  start: readonly Data[] | null;
}

/** Copies without making views. */
export function copyRows(from: Data, start: number, to: Data, at: number, count: number): void {
  for (let k = 0; k < count; k++) to[at + k] = from[start + k]!;
}

/** The states of many streams on the host, a row each in one array for every part. */
export class StateSlab {
  readonly #parts: readonly { readonly row: number; readonly data: Data }[];
  readonly #free: number[];

  /** @throws UNROLL_ARGUMENT for more than may be allocated */
  constructor(place: string, states: readonly SignatureState[], capacity: number) {
    this.#parts = states.map(({ dtype, shape }) => {
      const row = sizeOf(shape);
      assertFits("UNROLL_ARGUMENT", place, [capacity, row]);
      return { row, data: allocate(dtype, capacity * row) };
    });
    this.#free = Array.from({ length: capacity }, (_, k) => capacity - 1 - k);
  }

  /** Copies the states of some streams into arrays, row after row. */
  read(streams: readonly StateRow[], into: readonly Data[]): void {
    for (let p = 0; p < into.length; p++) {
      const { data, row } = this.#parts[p]!;
      for (let k = 0; k < streams.length; k++) {
        const { at, start } = streams[k]!;
        if (at >= 0) copyRows(data, at * row, into[p]!, k * row, row);
        else if (start) copyRows(start[p]!, 0, into[p]!, k * row, row);
        else into[p]!.fill(0, k * row, (k + 1) * row);
      }
    }
  }

  /** Keeps the states of some streams; those that have no row yet get one, of which there must be enough. */
  write(streams: readonly StateRow[], from: readonly Data[]): void {
    for (const stream of streams) {
      if (stream.at >= 0) continue;
      stream.at = this.#free.pop()!;
      stream.start = null;
    }
    for (let p = 0; p < from.length; p++) {
      const { data, row } = this.#parts[p]!;
      for (let k = 0; k < streams.length; k++) copyRows(from[p]!, k * row, data, streams[k]!.at * row, row);
    }
  }

  /** Gives a stream's row to whoever comes next. */
  release(stream: StateRow): void {
    if (stream.at >= 0) this.#free.push(stream.at);
    stream.at = -1;
  }
}
