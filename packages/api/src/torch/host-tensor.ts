import { allocate, type DType, type HostTensor, sizeOf } from "../contract/tensor.js";

export type Axes = readonly number[];

/** [a, b, ...] to [b, a, ...]; a copy. */
export function swapAxes<D extends DType>(given: HostTensor<D>): HostTensor<D> {
  const [a = 1, b = 1, ...rest] = given.shape;
  const width = sizeOf(rest);
  const data = allocate(given.dtype, given.data.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * width;
      data.set(given.data.subarray(from, from + width), (j * a + i) * width);
    }
  }
  return { dtype: given.dtype, shape: [b, a, ...rest], data };
}

/** The first `count` entries of the first axis, sharing memory. */
export function takeRows<D extends DType>(given: HostTensor<D>, count: number): HostTensor<D> {
  const [, ...rest] = given.shape;
  return {
    dtype: given.dtype,
    shape: [count, ...rest],
    data: given.data.subarray(0, count * sizeOf(rest)) as HostTensor<D>["data"],
  };
}

/** Another shape of equal size over the same memory. */
export function reshape<D extends DType>(given: HostTensor<D>, shape: Axes): HostTensor<D> {
  return { dtype: given.dtype, shape, data: given.data };
}

/** Tensors of one shape behind a new first axis. */
export function stack(parts: readonly HostTensor<"float32">[]): HostTensor<"float32"> {
  const [first] = parts;
  const data = new Float32Array(parts.length * (first?.data.length ?? 0));
  parts.forEach((part, k) => data.set(part.data, k * part.data.length));
  return { dtype: "float32", shape: [parts.length, ...(first?.shape ?? [])], data };
}
