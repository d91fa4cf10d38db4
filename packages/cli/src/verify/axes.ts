import type { HostTensor } from "@unroll/api";

/** The first two axes the other way round: batch-major to time-major and back. */
export function swapped<T extends { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>(
  { shape, data }: T,
  make: (size: number) => { [index: number]: number },
): { shape: number[]; data: ArrayLike<number> } {
  const [a, b, ...rest] = shape as [number, number, ...number[]];
  const size = rest.reduce((p, q) => p * q, 1);
  const made = make(data.length);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < size; k++) made[(j * a + i) * size + k] = data[(i * b + j) * size + k]!;
  return { shape: [b, a, ...rest], data: made as ArrayLike<number> };
}

export function swappedFloats(given: HostTensor<"float32">): HostTensor<"float32"> {
  const { shape, data } = swapped(given, (size) => new Float32Array(size));
  return { dtype: "float32", shape, data: data as Float32Array };
}
