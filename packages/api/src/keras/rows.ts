import { unrollError } from "../contract/error.js";
import { allocate, type HostTensor, sizeOf } from "../contract/tensor.js";

/** Some rows of a tensor [batch, ...]. @throws UNROLL_SHAPE for one that does not have them */
export function rowsOf<T extends HostTensor>(place: string, whole: T, start: number, count: number): T {
  const [rows = 0, ...rest] = whole.shape;
  if (rows < start + count)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: "as many rows in every input, mask and state",
      got: `[${whole.shape.join(", ")}]`,
      cure: "the first axis is the batch",
    });
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
