import { type Attrs, composedSines, type PrimitiveName } from "@unroll/api/adapter";
import { assertPlacesHeld } from "./integers.js";
import type { Attributes, Library, TensorInfo, TfTensor } from "./library.js";

/** Runs one node: operands in, result out. Called inside a tidy, on the right backend. */
export type Kernel = (operands: readonly TfTensor[]) => TfTensor;

/** What a kernel is made with. */
export interface Workshop {
  readonly tf: Library;
  readonly backend: string;
  /** Whether integers past a limit would be changed. */
  readonly narrow: boolean;
  /**
   * One kernel of the library by its registered name: what `tf.add` and the like end in, without their
   * checks.
   */
  run(
    name: string,
    inputs: Readonly<Record<string, TensorInfo>> | readonly TensorInfo[],
    attrs?: Attributes,
  ): TfTensor;
  /** A tensor that stays until the executable is disposed. */
  keep(data: ArrayLike<number>, shape: readonly number[], dtype: string): TfTensor;
}

type Maker = (workshop: Workshop, attrs: Attrs) => Kernel;

const binary =
  (name: string): Maker =>
  ({ run }) =>
  ([a, b]) =>
    run(name, { a: a!, b: b! });
const unary =
  (name: string): Maker =>
  ({ run }) =>
  ([x]) =>
    run(name, { x: x! });

/** Backends whose sine is the GPU's own, and coarse: software rasterisers make use of what they may. */
const coarseSines: readonly string[] = ["webgl", "webgpu"];

const sine =
  (name: "Sin" | "Cos"): Maker =>
  (workshop, attrs) => {
    const { backend, run, keep } = workshop;
    if (!coarseSines.includes(backend)) return unary(name)(workshop, attrs);
    const sines = composedSines<TfTensor>({
      number: (value) => keep([value], [], "float32"),
      add: (a, b) => run("Add", { a, b }),
      sub: (a, b) => run("Sub", { a, b }),
      mul: (a, b) => run("Multiply", { a, b }),
      floor: (x) => run("Floor", { x }),
    });
    const of = name === "Sin" ? sines.sin : sines.cos;
    return ([x]) => of(x!);
  };

/** The wasm kernels give the other operand where one is NaN. */
const extreme =
  (name: string): Maker =>
  ({ tf, run, backend }) => {
    if (backend !== "wasm") return ([a, b]) => run(name, { a: a!, b: b! });
    return ([a, b]) => {
      const result = run(name, { a: a!, b: b! });
      if (a!.dtype !== "float32") return result;
      const sum = run("Add", { a: a!, b: b! });
      // Infinity minus infinity is NaN too, but then neither operand is: so each is asked.
      const isNaN = run("LogicalOr", {
        a: run("NotEqual", { a: a!, b: a! }),
        b: run("NotEqual", { a: b!, b: b! }),
      });
      return tf.where(isNaN, sum, result);
    };
  };

const reshape = (run: Workshop["run"], x: TfTensor, shape: readonly number[]): TfTensor =>
  run("Reshape", { x }, { shape });

/**
 * Makes floats of what is none. A cast on webgpu only calls integers floats, and a shader that reads them as
 * they are does not compile: what runs with it is lost without an error. A product has them for real.
 */
function floats({ run, backend, keep }: Workshop): (x: TfTensor) => TfTensor {
  const cast = (x: TfTensor): TfTensor => run("Cast", { x }, { dtype: "float32" });
  if (backend !== "webgpu") return cast;
  const one = keep([1], [], "float32");
  return (x) => (x.dtype === "float32" ? x : run("Multiply", { a: cast(x), b: one }));
}

/** Matrix product with the leading axes of `a` folded into its rows, where `b` is one matrix. */
const matmul: Maker =
  ({ tf, run }) =>
  ([a, b]) => {
    const plain = { transposeA: false, transposeB: false };
    if (b!.shape.length === 2) {
      const [k, n] = b!.shape as [number, number];
      const rows = a!.shape.slice(0, -1);
      const product = run(
        "BatchMatMul",
        { a: reshape(run, a!, [1, rows.reduce((p, q) => p * q, 1), k]), b: reshape(run, b!, [1, k, n]) },
        plain,
      );
      return reshape(run, product, [...rows, n]);
    }
    // The wasm kernel repeats only a single matrix, so leading axes are made equal first.
    const rank = Math.max(a!.shape.length, b!.shape.length) - 2;
    const padded = [a!, b!].map((v) => [...new Array<number>(rank + 2 - v.shape.length).fill(1), ...v.shape]);
    const lead = padded[0]!.slice(0, rank).map((dim, k) => (dim === 1 ? padded[1]![k]! : dim));
    const [left, right] = [a!, b!].map((v, k) =>
      tf.broadcastTo(reshape(run, v, padded[k]!), [...lead, ...padded[k]!.slice(rank)]),
    );
    return tf.matMul(left!, right!);
  };

/**
 * Where along an axis the first of the largest elements is. Of several the webgpu kernel gives any, as its
 * threads come; and of integers its Min makes other ones, so places are counted in floats.
 */
function firstOfLargest(run: Workshop["run"], tf: Library, x: TfTensor, axis: number): TfTensor {
  const size = x.shape[axis]!;
  const along = x.shape.map((_, k) => (k === axis ? size : 1));
  const whole = (one: TfTensor): TfTensor => tf.broadcastTo(one, x.shape);
  const most = keepAxes(run, run("Max", { x }, { reductionIndices: [axis], keepDims: false }), x, [axis]);
  const places = whole(reshape(run, tf.range(0, size, 1, "float32"), along));
  const none = whole(run("Fill", {}, { shape: along, value: size, dtype: "float32" }));
  const candidates = tf.where(run("Equal", { a: x, b: whole(most) }), places, none);
  const first = keepAxes(run, run("Min", { x: candidates }, { axis, keepDims: false }), x, [axis]);
  return run("Cast", { x: first }, { dtype: "int32" });
}

/** A reduction by its registered name, and what it calls its axes. */
const reduction =
  (name: string, attribute: string): Maker =>
  ({ run }, attrs) => {
    const axes = attrs["axes"] as readonly number[];
    return ([x]) => keepAxes(run, run(name, { x: x! }, { [attribute]: axes, keepDims: false }), x!, axes);
  };

/** One kernel for every primitive. */
export const primitiveKernels: Readonly<Record<PrimitiveName, Maker>> = {
  constant: ({ keep }, attrs) => {
    const made = keep(
      attrs["value"] as readonly number[],
      attrs["shape"] as readonly number[],
      attrs["dtype"] as string,
    );
    return () => made;
  },
  add: binary("Add"),
  sub: binary("Sub"),
  mul: binary("Multiply"),
  div: binary("RealDiv"),
  pow: binary("Pow"),
  min: extreme("Minimum"),
  max: extreme("Maximum"),
  less: binary("Less"),
  equal: binary("Equal"),
  and: binary("LogicalAnd"),
  not: unary("LogicalNot"),
  select:
    ({ tf, run }) =>
    ([condition, a, b]) => {
      if (a!.dtype !== "bool") return tf.where(condition!, a!, b!);
      // The wasm kernel reads booleans as if they were four bytes each, beyond their end.
      const [yes, no] = [
        run("LogicalAnd", { a: condition!, b: a! }),
        run("LogicalAnd", { a: run("LogicalNot", { x: condition! }), b: b! }),
      ];
      return run("LogicalOr", { a: yes, b: no });
    },
  neg: unary("Neg"),
  exp: unary("Exp"),
  log: unary("Log"),
  sqrt: unary("Sqrt"),
  abs: unary("Abs"),
  floor: unary("Floor"),
  sin: sine("Sin"),
  cos: sine("Cos"),
  tanh: unary("Tanh"),
  sigmoid: unary("Sigmoid"),
  cast: (workshop, attrs) => {
    const { run, keep } = workshop;
    const dtype = attrs["dtype"] as string;
    if (dtype === "float32") {
      const float = floats(workshop);
      return ([x]) => float(x!);
    }
    if (dtype !== "bool") return ([x]) => run("Cast", { x: x! }, { dtype });
    // The wasm backend would truncate 0.5 to false.
    const zeros: Record<string, TfTensor> = {
      float32: keep([0], [], "float32"),
      int32: keep([0], [], "int32"),
      bool: keep([0], [], "bool"),
    };
    return ([x]) =>
      x!.dtype === "bool" ? run("Identity", { x: x! }) : run("NotEqual", { a: x!, b: zeros[x!.dtype]! });
  },
  matmul,
  sum: reduction("Sum", "axis"),
  reduceMax: reduction("Max", "reductionIndices"),
  argmax: ({ tf, run, backend, narrow }, attrs) => {
    const axis = attrs["axis"] as number;
    return ([x]) => {
      const size = x!.shape[axis]!;
      if (narrow) assertPlacesHeld("argmax", size);
      if (backend === "webgpu") return firstOfLargest(run, tf, x!, axis);
      return keepAxes(run, run("ArgMax", { x: x! }, { axis }), x!, [axis]);
    };
  },
  cumsum:
    ({ run }, attrs) =>
    ([x]) =>
      run("Cumsum", { x: x! }, { axis: attrs["axis"], exclusive: false, reverse: false }),
  expandDims: ({ run }, attrs) => {
    const axis = attrs["axis"] as number;
    return ([x]) => reshape(run, x!, [...x!.shape.slice(0, axis), 1, ...x!.shape.slice(axis)]);
  },
  squeeze: ({ run }, attrs) => {
    const axis = attrs["axis"] as number;
    return ([x]) =>
      reshape(
        run,
        x!,
        x!.shape.filter((_, k) => k !== axis),
      );
  },
  mergeAxes: ({ run }, attrs) => {
    const [axis, count] = [attrs["axis"] as number, attrs["count"] as number];
    return ([x]) => {
      const merged = x!.shape.slice(axis, axis + count).reduce((a, b) => a * b, 1);
      return reshape(run, x!, [...x!.shape.slice(0, axis), merged, ...x!.shape.slice(axis + count)]);
    };
  },
  splitAxis: ({ run }, attrs) => {
    const [axis, count] = [attrs["axis"] as number, attrs["count"] as number];
    return ([x, like]) => {
      const parts = like!.shape.slice(axis, axis + count);
      return reshape(run, x!, [...x!.shape.slice(0, axis), ...parts, ...x!.shape.slice(axis + 1)]);
    };
  },
  transpose: (workshop, attrs) => {
    const { run, backend } = workshop;
    const perm = attrs["perm"];
    if (backend !== "webgpu") return ([x]) => run("Transpose", { x: x! }, { perm });
    // Shaders that transpose know floats alone.
    const float = floats(workshop);
    return ([x]) => {
      const turned = run("Transpose", { x: float(x!) }, { perm });
      return x!.dtype === "float32" ? turned : run("Cast", { x: turned }, { dtype: x!.dtype });
    };
  },
  reverse: ({ run, backend }, attrs) => {
    const dims = [attrs["axis"] as number];
    return ([x]) => {
      if (backend !== "wasm" || x!.dtype !== "bool") return run("Reverse", { x: x! }, { dims });
      // The wasm kernel reverses booleans as if they were four bytes each, beyond their end.
      const whole = run("Reverse", { x: run("Cast", { x: x! }, { dtype: "int32" }) }, { dims });
      return run("Cast", { x: whole }, { dtype: "bool" });
    };
  },
  slice: ({ run }, attrs) => {
    const [axis, start, length] = [
      attrs["axis"] as number,
      attrs["start"] as number,
      attrs["length"] as number,
    ];
    return ([x]) => {
      const begin = x!.shape.map((dim, k) => (k !== axis ? 0 : start < 0 ? dim + start : start));
      return run("Slice", { x: x! }, { begin, size: x!.shape.map((dim, k) => (k === axis ? length : dim)) });
    };
  },
  stride: ({ tf, run, backend }, attrs) => {
    const [axis, low, high, step] = ["axis", "low", "high", "step"].map((name) => attrs[name] as number) as [
      number,
      number,
      number,
      number,
    ];
    const none = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
    return ([x]) => {
      // The wasm kernel knows floats alone: of integers it makes zeros.
      if (backend === "wasm" && x!.dtype !== "float32") {
        const indices = tf.range(low, x!.shape[axis]! - high, step, "int32");
        return run("GatherV2", { x: x!, indices }, { axis, batchDims: 0 });
      }
      // As three axes: the webgl kernel does not compile for five.
      const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
      const [outer, size] = [product(x!.shape.slice(0, axis)), x!.shape[axis]!];
      const inner = product(x!.shape.slice(axis + 1));
      const parted = reshape(run, x!, [outer, size, inner]);
      const [begin, end] = [
        [0, low, 0],
        [outer, size - high, inner],
      ];
      const thinned = run("StridedSlice", { x: parted }, { begin, end, strides: [1, step, 1], ...none });
      const kept = x!.shape.map((own, k) => (k === axis ? thinned.shape[1]! : own));
      return reshape(run, thinned, kept);
    };
  },
  pad: ({ run }, attrs) => {
    const [axis, low, high] = [attrs["axis"], attrs["low"] as number, attrs["high"] as number];
    return ([x]) => {
      const paddings = x!.shape.map((_, k) => (k === axis ? [low, high] : [0, 0]));
      return run("PadV2", { x: x! }, { paddings, constantValue: attrs["value"] });
    };
  },
  concat:
    ({ run }, attrs) =>
    (xs) =>
      run("Concat", xs, { axis: attrs["axis"] }),
  gather:
    ({ run }) =>
    ([table, indices]) =>
      run("GatherV2", { x: table!, indices: indices! }, { axis: 0, batchDims: 0 }),
  scatterAdd:
    ({ run }) =>
    ([updates, indices, like]) => {
      const [count, row] = [indices!.shape.reduce((a, b) => a * b, 1), like!.shape.slice(1)];
      const places = reshape(run, indices!, [count, 1]);
      const rows = reshape(run, updates!, [count, ...row]);
      return run("ScatterNd", { indices: places, updates: rows }, { shape: like!.shape });
    },
  iota:
    ({ tf, narrow }, attrs) =>
    ([x]) => {
      const size = x!.shape[attrs["axis"] as number]!;
      if (narrow) assertPlacesHeld("iota", size);
      return tf.range(0, size, 1, "int32");
    },
  expand:
    ({ tf, run }) =>
    ([x, like]) => {
      // Tile knows no bool everywhere.
      if (x!.dtype !== "bool") return tf.broadcastTo(x!, like!.shape);
      return run(
        "Cast",
        { x: tf.broadcastTo(run("Cast", { x: x! }, { dtype: "int32" }), like!.shape) },
        { dtype: "bool" },
      );
    },
};

const keepAxes = (run: Workshop["run"], reduced: TfTensor, x: TfTensor, axes: readonly number[]): TfTensor =>
  reshape(
    run,
    reduced,
    x.shape.map((dim, k) => (axes.includes(k) ? 1 : dim)),
  );
