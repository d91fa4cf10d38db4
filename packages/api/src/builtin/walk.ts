/** Runs over the innermost axis: offsets and strides of the output and up to three operands. */
export type Inner = (
  count: number,
  o: number,
  so: number,
  a: number,
  sa: number,
  b: number,
  sb: number,
  c: number,
  sc: number,
) => void;

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let k = shape.length - 2; k >= 0; k--) strides[k] = strides[k + 1]! * shape[k + 1]!;
  return strides;
}

/** Strides with which an operand of `shape` is read along the axes of `out`: 0 where it is stretched. */
export function stretched(shape: readonly number[], out: readonly number[]): number[] {
  const own = stridesOf(shape);
  return out.map((_, k) => {
    const at = k - (out.length - shape.length);
    return at < 0 || shape[at] === 1 ? 0 : own[at]!;
  });
}

/**
 * A loop nest over `shape`, each operand with its own strides and start; axes that every operand passes in
 * one run are merged, so that equal shapes become a single loop.
 *
 * @param strides of the output first, then of the operands
 */
export function walk(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  starts: readonly number[],
  inner: Inner,
): () => void {
  const axes: { size: number; steps: number[] }[] = [];
  shape.forEach((size, k) => {
    if (size === 1) return;
    const steps = [0, 1, 2, 3].map((operand) => strides[operand]?.[k] ?? 0);
    const outer = axes[axes.length - 1];
    if (outer && outer.steps.every((step, operand) => step === steps[operand]! * size)) {
      outer.size *= size;
      outer.steps = steps;
    } else axes.push({ size, steps });
  });
  if (axes.length === 0) axes.push({ size: 1, steps: [0, 0, 0, 0] });
  const last = axes.length - 1;
  const sizes = axes.map((axis) => axis.size);
  const [so, sa, sb, sc] = [0, 1, 2, 3].map((operand) => axes.map((axis) => axis.steps[operand]!)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const descend = (axis: number, o: number, a: number, b: number, c: number): void => {
    if (axis === last) return inner(sizes[axis]!, o, so[axis]!, a, sa[axis]!, b, sb[axis]!, c, sc[axis]!);
    for (let k = 0; k < sizes[axis]!; k++)
      descend(axis + 1, o + k * so[axis]!, a + k * sa[axis]!, b + k * sb[axis]!, c + k * sc[axis]!);
  };
  const [o = 0, a = 0, b = 0, c = 0] = starts;
  return () => descend(0, o, a, b, c);
}
