/** A tensor of float64 (whole numbers and 0/1 for int32 and bool), row-major. */
export interface Numbers {
  readonly dtype: "float32" | "int32" | "bool";
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Attrs = Readonly<Record<string, unknown>>;

/**
 * How an operation's result is rounded: nothing when exact. `size` is what the rounding of one element is
 * relative to.
 */
export interface Rounding {
  /**
   * An elementwise result, or that of a function which engines approximate, with the function's name and
   * argument.
   */
  value(value: number, approximated?: { readonly op: string; readonly argument: number }): number;
  /** A sum, from the root of the sum of squares of its partial sums. */
  sum(value: number, spread: number): number;
}

export const unrounded: Rounding = { value: (value) => value, sum: (value) => value };

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (s: readonly number[], k: number): number => s[k - rank + s.length] ?? 1;
  return Array.from({ length: rank }, (_, k) => (at(a, k) === 1 ? at(b, k) : at(a, k)));
}

/** Index of each element of a shape, row-major. */
function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let n = sizeOf(shape); n > 0; n--) {
    yield index;
    for (let k = shape.length - 1; k >= 0 && ++index[k]! === shape[k]; k--) index[k] = 0;
  }
}

/** The element of `x` that an index of a shape it stretches to reads. */
function at(x: Numbers, index: readonly number[]): number {
  let flat = 0;
  x.shape.forEach((dim, k) => {
    flat = flat * dim + (dim === 1 ? 0 : index[index.length - x.shape.length + k]!);
  });
  return x.data[flat]!;
}

function filled(
  dtype: Numbers["dtype"],
  shape: readonly number[],
  f: (index: readonly number[]) => number,
): Numbers {
  const data = new Float64Array(sizeOf(shape));
  let k = 0;
  for (const index of indices(shape)) data[k++] = f(index);
  return { dtype, shape, data };
}

/**
 * For each element of a shape, where in `x`, which stretches to it, that element comes from; null where that
 * is the same place.
 */
function places(x: Numbers, shape: readonly number[]): Int32Array | null {
  if (x.shape.length === shape.length && x.shape.every((dim, k) => dim === shape[k])) return null;
  const from = new Int32Array(sizeOf(shape));
  let k = 0;
  for (const index of indices(shape)) {
    let flat = 0;
    x.shape.forEach((dim, d) => {
      flat = flat * dim + (dim === 1 ? 0 : index[index.length - x.shape.length + d]!);
    });
    from[k++] = flat;
  }
  return from;
}

/** A function of the elements of two operands that stretch to each other. */
function pairwise(
  dtype: Numbers["dtype"],
  x: Numbers,
  y: Numbers,
  f: (a: number, b: number) => number,
): Numbers {
  const shape = broadcast(x.shape, y.shape);
  const [left, right] = [places(x, shape), places(y, shape)];
  const data = new Float64Array(sizeOf(shape));
  for (let k = 0; k < data.length; k++)
    data[k] = f(x.data[left ? left[k]! : k]!, y.data[right ? right[k]! : k]!);
  return { dtype, shape, data };
}

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
};
const comparing: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  less: (a, b) => a < b,
  equal: (a, b) => a === b,
  and: (a, b) => a !== 0 && b !== 0,
};
const unary: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  not: (x) => 1 - x,
};
const exactly = ["neg", "abs", "min", "max", "not"];
const approximated = ["exp", "log", "tanh", "sigmoid"];

/**
 * One primitive by its one line of meaning in `program/primitives.ts`, in float64. Written apart from every
 * engine.
 *
 * @param rounding what each result suffers
 */
export function primitive(
  op: string,
  xs: readonly Numbers[],
  attrs: Attrs,
  rounding: Rounding = unrounded,
): Numbers {
  const [x, y] = xs as [Numbers, Numbers];
  const axis = attrs["axis"] as number;
  const float = (value: number, argument?: number): number =>
    rounding.value(value, argument !== undefined && approximated.includes(op) ? { op, argument } : undefined);
  const rounds = !exactly.includes(op) && x?.dtype === "float32";
  if (op in binary) return pairwise(x.dtype, x, y, rounds ? (a, b) => float(binary[op]!(a, b)) : binary[op]!);
  if (op in comparing) return pairwise("bool", x, y, (a, b) => Number(comparing[op]!(a, b)));
  if (op in unary)
    return { ...x, data: x.data.map(rounds ? (value) => float(unary[op]!(value), value) : unary[op]!) };
  switch (op) {
    case "constant": {
      const dtype = attrs["dtype"] as Numbers["dtype"];
      // An engine holds 0.1 rounded, and 0.5 as it is.
      const held = (value: number): number =>
        dtype === "float32" && Math.fround(value) !== value ? float(value) : value;
      return {
        dtype,
        shape: attrs["shape"] as number[],
        data: Float64Array.from(attrs["value"] as number[], held),
      };
    }
    case "select":
      return filled(y.dtype, broadcast(x.shape, broadcast(y.shape, xs[2]!.shape)), (index) =>
        at(x, index) !== 0 ? at(y, index) : at(xs[2]!, index),
      );
    case "cast": {
      const dtype = attrs["dtype"] as Numbers["dtype"];
      return filled(dtype, x.shape, (index) =>
        dtype === "bool"
          ? Number(at(x, index) !== 0)
          : dtype === "int32"
            ? Math.trunc(at(x, index))
            : at(x, index),
      );
    }
    case "matmul": {
      const [m, inner, n] = [
        x.shape[x.shape.length - 2]!,
        x.shape[x.shape.length - 1]!,
        y.shape[y.shape.length - 1]!,
      ];
      if (x.shape.length === 2 && y.shape.length === 2) {
        const data = new Float64Array(m * n);
        for (let k = 0; k < data.length; k++) {
          const [row, column] = [Math.floor(k / n) * inner, k % n];
          data[k] = summed(inner, (t) => x.data[row + t]! * y.data[t * n + column]!, rounding);
        }
        return { dtype: "float32", shape: [m, n], data };
      }
      return filled("float32", [...broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2)), m, n], (index) => {
        const [lead, row, column] = [index.slice(0, -2), index[index.length - 2]!, index[index.length - 1]!];
        return summed(inner, (k) => at(x, [...lead, row, k]) * at(y, [...lead, k, column]), rounding);
      });
    }
    case "sum":
      return filled(
        x.dtype,
        x.shape.map((dim, k) => (k === axis ? 1 : dim)),
        (index) =>
          summed(
            x.shape[axis]!,
            (k) =>
              at(
                x,
                index.map((i, d) => (d === axis ? k : i)),
              ),
            rounding,
          ),
      );
    case "reduceMax":
      return filled(
        x.dtype,
        x.shape.map((dim, k) => (k === axis ? 1 : dim)),
        (index) =>
          Math.max(
            ...Array.from({ length: x.shape[axis]! }, (_, k) =>
              at(
                x,
                index.map((i, d) => (d === axis ? k : i)),
              ),
            ),
          ),
      );
    case "expandDims":
      return { ...x, shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)] };
    case "squeeze":
      return { ...x, shape: x.shape.filter((_, k) => k !== axis) };
    case "transpose": {
      const perm = attrs["perm"] as readonly number[];
      return filled(
        x.dtype,
        perm.map((k) => x.shape[k]!),
        (index) =>
          at(
            x,
            perm.map((_, k) => index[perm.indexOf(k)]!),
          ),
      );
    }
    case "reverse":
      return filled(x.dtype, x.shape, (index) =>
        at(
          x,
          index.map((i, k) => (k === axis ? x.shape[k]! - 1 - i : i)),
        ),
      );
    case "slice": {
      const [start, length] = [attrs["start"] as number, attrs["length"] as number];
      const from = start < 0 ? x.shape[axis]! + start : start;
      if (x.shape.slice(0, axis).every((dim) => dim === 1)) {
        const size = sizeOf(x.shape.slice(axis + 1));
        return {
          dtype: x.dtype,
          shape: x.shape.map((dim, k) => (k === axis ? length : dim)),
          data: x.data.slice(from * size, (from + length) * size),
        };
      }
      return filled(
        x.dtype,
        x.shape.map((dim, k) => (k === axis ? length : dim)),
        (index) =>
          at(
            x,
            index.map((i, k) => (k === axis ? i + from : i)),
          ),
      );
    }
    case "concat": {
      const ends = xs.reduce<number[]>(
        (list, one) => [...list, (list[list.length - 1] ?? 0) + one.shape[axis]!],
        [],
      );
      return filled(
        x.dtype,
        x.shape.map((dim, k) => (k === axis ? ends[ends.length - 1]! : dim)),
        (index) => {
          const source = ends.findIndex((end) => index[axis]! < end);
          return at(
            xs[source]!,
            index.map((i, k) => (k === axis ? i - (ends[source - 1] ?? 0) : i)),
          );
        },
      );
    }
    case "gather":
      return filled(x.dtype, [...y.shape, ...x.shape.slice(1)], (index) =>
        at(x, [at(y, index.slice(0, y.shape.length)), ...index.slice(y.shape.length)]),
      );
    case "iota":
      return filled("int32", [x.shape[axis]!], ([k]) => k!);
    case "expand":
      return filled(x.dtype, y.shape, (index) => at(x, index));
    default:
      throw new Error(`oracle: no primitive "${op}"`);
  }
}

function summed(count: number, term: (k: number) => number, rounding: Rounding): number {
  let [sum, squares] = [0, 0];
  for (let k = 0; k < count; k++) {
    const one = term(k);
    sum += one;
    squares += one * one + sum * sum;
  }
  return rounding.sum(sum, Math.sqrt(squares));
}
