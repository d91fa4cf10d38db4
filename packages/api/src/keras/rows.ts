import { unrollError } from "../contract/error.js";
import { allocate, type HostTensor, sizeOf } from "../contract/tensor.js";

/** Refuses a tensor [batch, ...] of another number of rows. @throws UNROLL_SHAPE */
export function checkRows(place: string, { shape }: HostTensor, rows: number): void {
  if (shape[0] !== rows)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `${rows} rows in every input, mask and state`,
      got: `[${shape.join(", ")}]`,
      cure: "the first axis is the batch",
    });
}

/** Some rows of a tensor [batch, ...] that has them. */
export function rowsOf<T extends HostTensor>(whole: T, start: number, count: number): T {
  const [, ...rest] = whole.shape;
  const size = sizeOf(rest);
  const data = whole.data.slice(start * size, (start + count) * size);
  return { ...whole, shape: [count, ...rest], data };
}

/** Tensors of some rows each as one of all, in order; shorter ones in time can't be among them. */
export function joined(all: readonly HostTensor[]): HostTensor {
  const [{ dtype, shape }] = all as readonly [HostTensor];
  const rows = all.reduce((sum, one) => sum + one.shape[0]!, 0);
  const data = allocate(dtype, rows * sizeOf(shape.slice(1)));
  let at = 0;
  for (const one of all) {
    data.set(one.data as never, at);
    at += one.data.length;
  }
  return { dtype, shape: [rows, ...shape.slice(1)], data };
}
