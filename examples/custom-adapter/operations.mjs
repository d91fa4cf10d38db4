// What this engine computes: one function for each primitive it claims, from tensors and attributes to a
// tensor. A tensor is { dtype, shape, data }, row-major, as it crosses the adapter boundary.
import { allocate, sizeOf } from "@unroll/api/adapter";

const make = (dtype, shape) => ({ dtype, shape, data: allocate(dtype, sizeOf(shape)) });

/** For each element of `shape`, the position in `x` that NumPy's broadcasting reads. */
function* positions(x, shape) {
  const padded = [...new Array(shape.length - x.shape.length).fill(1), ...x.shape];
  const strides = padded.map((dim, k) => (dim === 1 ? 0 : sizeOf(padded.slice(k + 1))));
  const index = new Array(shape.length).fill(0);
  for (let n = sizeOf(shape); n > 0; n--) {
    yield index.reduce((sum, i, k) => sum + i * strides[k], 0);
    for (let k = shape.length - 1; k >= 0 && ++index[k] === shape[k]; k--) index[k] = 0;
  }
}

const broadcast = (...tensors) =>
  tensors
    .map((t) => t.shape)
    .reduce((a, b) => {
      const rank = Math.max(a.length, b.length);
      const at = (s, k) => s[k - rank + s.length] ?? 1;
      return Array.from({ length: rank }, (_, k) => (at(a, k) === 1 ? at(b, k) : at(a, k)));
    });

/** A function of elements, applied with broadcasting. */
const elementwise =
  (f, dtype) =>
  (...operands) => {
    const result = make(dtype ?? operands.at(-1).dtype, broadcast(...operands));
    const readers = operands.map((x) => positions(x, result.shape));
    for (let k = 0; k < result.data.length; k++)
      result.data[k] = f(...readers.map((reader, n) => operands[n].data[reader.next().value]));
    return result;
  };

/** A tensor of another shape whose element at an index is the one of `x` at `from(index)`. */
const rearranged = (x, shape, from) => {
  const result = make(x.dtype, shape);
  const index = new Array(shape.length).fill(0);
  for (let k = 0; k < result.data.length; k++) {
    result.data[k] = x.data[from(index).reduce((sum, i, axis) => sum * x.shape[axis] + i, 0)];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return result;
};

/** Folds axes that stay with length 1, one after the other. */
const reduce =
  (start, f) =>
  (x, { axes }) =>
    axes.reduce((folded, axis) => {
      const result = make(folded.dtype, folded.shape.with(axis, 1));
      const [size, inner] = [folded.shape[axis], sizeOf(folded.shape.slice(axis + 1))];
      for (let k = 0; k < result.data.length; k++) {
        let value = start;
        for (let n = 0; n < size; n++)
          value = f(value, folded.data[(Math.floor(k / inner) * size + n) * inner + (k % inner)]);
        result.data[k] = value;
      }
      return result;
    }, x);

/** Rows along an axis: the positions of each one's elements, in order. */
function rowsAlong({ shape, data }, axis) {
  const [size, inner] = [shape[axis], sizeOf(shape.slice(axis + 1))];
  return Array.from({ length: data.length / size }, (_, row) =>
    Array.from({ length: size }, (_one, k) => (Math.floor(row / inner) * size + k) * inner + (row % inner)),
  );
}

function argmax(x, axis) {
  const result = make("int32", x.shape.with(axis, 1));
  rowsAlong(x, axis).forEach((places, row) => {
    const values = places.map((place) => x.data[place]);
    result.data[row] = values.indexOf(Math.max(...values));
  });
  return result;
}

function cumsum(x, axis) {
  const result = make("float32", x.shape);
  for (const places of rowsAlong(x, axis)) {
    let sum = 0;
    for (const place of places) result.data[place] = sum += x.data[place];
  }
  return result;
}

function matmul(a, b) {
  const [m, k, n] = [a.shape.at(-2), a.shape.at(-1), b.shape.at(-1)];
  const lead = broadcast({ shape: a.shape.slice(0, -2) }, { shape: b.shape.slice(0, -2) });
  const result = make("float32", [...lead, m, n]);
  const [left, right] = [a, b].map((x) => positions({ shape: x.shape.slice(0, -2) }, lead));
  for (let batch = 0; batch < sizeOf(lead); batch++) {
    const [aAt, bAt, at] = [left.next().value * m * k, right.next().value * k * n, batch * m * n];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += a.data[aAt + i * k + p] * b.data[bAt + p * n + j];
        result.data[at + i * n + j] = sum;
      }
  }
  return result;
}

function concat(xs, { axis }) {
  let offset = 0;
  const ends = xs.map((x) => (offset += x.shape[axis]));
  const result = make(
    xs[0].dtype,
    xs[0].shape.map((dim, k) => (k === axis ? offset : dim)),
  );
  const inner = sizeOf(result.shape.slice(axis + 1));
  for (let k = 0; k < result.data.length; k++) {
    const at = Math.floor(k / inner) % offset;
    const source = ends.findIndex((end) => at < end);
    const x = xs[source];
    const local = at - (ends[source] - x.shape[axis]);
    result.data[k] = x.data[(Math.floor(k / inner / offset) * x.shape[axis] + local) * inner + (k % inner)];
  }
  return result;
}

const binary = (f, dtype) => {
  const run = elementwise(f, dtype);
  return ([a, b]) => run(a, b);
};
const unary = (f) => {
  const run = elementwise(f);
  return ([x]) => run(x);
};

export const operations = {
  constant: (_, { dtype, shape, value }) => ({
    dtype,
    shape,
    data: allocate(dtype, value.length).map((_zero, k) => value[k]),
  }),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  pow: binary(Math.pow),
  min: binary(Math.min),
  max: binary(Math.max),
  less: binary((a, b) => a < b, "bool"),
  equal: binary((a, b) => a === b, "bool"),
  and: binary((a, b) => a && b, "bool"),
  not: unary((x) => 1 - x),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  abs: unary(Math.abs),
  floor: unary(Math.floor),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  select: ([condition, a, b]) => elementwise((c, yes, no) => (c ? yes : no))(condition, a, b),
  cast: ([x], { dtype }) =>
    elementwise(dtype === "bool" ? (v) => v !== 0 : dtype === "int32" ? Math.trunc : (v) => v, dtype)(x),
  matmul: ([a, b]) => matmul(a, b),
  sum: ([x], attrs) => reduce(0, (a, b) => a + b)(x, attrs),
  reduceMax: ([x], attrs) => reduce(-Infinity, Math.max)(x, attrs),
  argmax: ([x], { axis }) => argmax(x, axis),
  cumsum: ([x], { axis }) => cumsum(x, axis),
  mergeAxes: ([x], { axis, count }) => ({
    ...x,
    shape: x.shape.toSpliced(axis, count, sizeOf(x.shape.slice(axis, axis + count))),
  }),
  splitAxis: ([x, like], { axis, count }) => ({
    ...x,
    shape: x.shape.toSpliced(axis, 1, ...like.shape.slice(axis, axis + count)),
  }),
  expandDims: ([x], { axis }) => ({ ...x, shape: x.shape.toSpliced(axis, 0, 1) }),
  squeeze: ([x], { axis }) => ({ ...x, shape: x.shape.toSpliced(axis, 1) }),
  transpose: ([x], { perm }) =>
    rearranged(
      x,
      perm.map((axis) => x.shape[axis]),
      (index) => perm.map((_, axis) => index[perm.indexOf(axis)]),
    ),
  reverse: ([x], { axis }) =>
    rearranged(x, x.shape, (index) => index.with(axis, x.shape[axis] - 1 - index[axis])),
  slice: ([x], { axis, start, length }) =>
    rearranged(x, x.shape.with(axis, length), (index) =>
      index.with(axis, index[axis] + (start < 0 ? x.shape[axis] + start : start)),
    ),
  stride: ([x], { axis, low, high, step }) =>
    rearranged(x, x.shape.with(axis, Math.floor((x.shape[axis] - low - high - 1) / step) + 1), (index) =>
      index.with(axis, low + index[axis] * step),
    ),
  pad: ([x], { axis, low, high, value }) => {
    const edge = (size) => {
      const shape = x.shape.with(axis, size);
      return { dtype: x.dtype, shape, data: allocate(x.dtype, sizeOf(shape)).fill(value) };
    };
    return concat([edge(low), x, edge(high)], { axis });
  },
  scatterAdd: ([updates, indices, like]) => {
    const result = make("float32", [...like.shape]);
    const row = sizeOf(like.shape.slice(1));
    indices.data.forEach((index, k) => {
      for (let n = 0; n < row; n++) result.data[index * row + n] += updates.data[k * row + n];
    });
    return result;
  },
  concat: (xs, attrs) => concat(xs, attrs),
  gather: ([table, indices]) =>
    rearranged(table, [...indices.shape, ...table.shape.slice(1)], (index) => {
      const at = index
        .slice(0, indices.shape.length)
        .reduce((sum, i, axis) => sum * indices.shape[axis] + i, 0);
      return [indices.data[at], ...index.slice(indices.shape.length)];
    }),
  iota: ([x], { axis }) => ({
    dtype: "int32",
    shape: [x.shape[axis]],
    data: Int32Array.from({ length: x.shape[axis] }, (_, k) => k),
  }),
  expand: ([x, like]) =>
    elementwise((v) => v, x.dtype)(
      { ...x, shape: x.shape },
      { shape: like.shape, data: x.data.subarray(0, 0) },
    ),
};
