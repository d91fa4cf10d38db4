import { unrollError } from "@unroll/api/adapter";
import type { Backend, Library, TensorInfo } from "../library.js";

type View = Float32Array | Int32Array | Uint8Array;

/** A backend whose tensors lie in memory that JavaScript can reach. */
export interface HostMemory {
  /**
   * The elements of a tensor. Allocating may move the memory, so a view is taken anew after every allocation.
   */
  view(tensor: TensorInfo): View;
  /** A float32 tensor with any contents. */
  make(shape: number[]): TensorInfo;
  free(tensor: TensorInfo): void;
  /** a·b + bias: [1, rows, k] by [1, k, n] plus [n]. */
  affine(a: TensorInfo, b: TensorInfo, bias: TensorInfo | undefined): TensorInfo;
  /** The sigmoid of every element, where the backend has a faster one than a loop. */
  sigmoid?(x: TensorInfo): TensorInfo;
}

/** Backends that {@link hostMemory} knows. */
export const hostBackends: readonly string[] = ["cpu", "wasm"];

interface CpuBackend extends Backend {
  readonly data: { get(dataId: object): { values: View } };
  makeTensorInfo(shape: number[], dtype: string, values: View): TensorInfo;
}

interface WasmBackend extends Backend {
  typedArrayFromHeap(tensor: TensorInfo): View;
  makeOutput(shape: number[], dtype: string): TensorInfo;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function hostMemory(tf: Library, name: string, backend: Backend): HostMemory {
  return name === "cpu" ? cpuMemory(backend as CpuBackend) : wasmMemory(tf, backend as WasmBackend);
}

function cpuMemory(backend: CpuBackend): HostMemory {
  const view = (tensor: TensorInfo): View => backend.data.get(tensor.dataId).values;
  const make = (shape: number[]): TensorInfo =>
    backend.makeTensorInfo(shape, "float32", new Float32Array(sizeOf(shape)));
  return {
    view,
    make,
    free: (tensor) => void backend.disposeData(tensor.dataId),
    // The backend's own product walks down the columns of b, which misses the cache at every element.
    affine(a, b, bias) {
      const [, rows, inner] = a.shape as [number, number, number];
      const columns = b.shape[2]!;
      const result = make([1, rows, columns]);
      const [x, w, y] = [view(a), view(b), view(result)] as [Float32Array, Float32Array, Float32Array];
      const start = bias && view(bias);
      for (let row = 0; row < rows; row++) {
        if (start) y.set(start, row * columns);
        addProduct(y, row * columns, columns, x, row * inner, inner, w);
      }
      return result;
    },
  };
}

/**
 * y += x·w for one row x of `inner` elements; four rows of w at a time, so that y is read and written a
 * quarter as often.
 */
function addProduct(
  y: Float32Array,
  yAt: number,
  columns: number,
  x: Float32Array,
  xAt: number,
  inner: number,
  w: Float32Array,
): void {
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    const [a, b, c, d] = [x[xAt + k]!, x[xAt + k + 1]!, x[xAt + k + 2]!, x[xAt + k + 3]!];
    const [wa, wb, wc, wd] = [k * columns, (k + 1) * columns, (k + 2) * columns, (k + 3) * columns];
    for (let j = 0; j < columns; j++)
      y[yAt + j] = y[yAt + j]! + (a * w[wa + j]! + b * w[wb + j]! + c * w[wc + j]! + d * w[wd + j]!);
  }
  for (; k < inner; k++) {
    const a = x[xAt + k]!;
    for (let j = 0; j < columns; j++) y[yAt + j] = y[yAt + j]! + a * w[k * columns + j]!;
  }
}

function wasmMemory(tf: Library, backend: WasmBackend): HostMemory {
  const product = tf.getKernel("_FusedMatMul", "wasm");
  if (!product)
    throw unrollError({
      code: "UNROLL_ENGINE",
      place: "tfjs wasm",
      expected: "kernel _FusedMatMul",
      got: "none registered",
      cure: "use the whole @tensorflow/tfjs-backend-wasm",
    });
  const sigmoid = tf.getKernel("Sigmoid", "wasm");
  const attrs = { transposeA: false, transposeB: false, activation: "linear" };
  return {
    view: (tensor) => backend.typedArrayFromHeap(tensor),
    make: (shape) => backend.makeOutput(shape, "float32"),
    free: (tensor) => void backend.disposeData(tensor.dataId),
    affine: (a, b, bias) =>
      product.kernelFunc({ inputs: bias ? { a, b, bias } : { a, b }, attrs, backend }) as TensorInfo,
    ...(sigmoid
      ? {
          sigmoid: (x: TensorInfo) => sigmoid.kernelFunc({ inputs: { x }, attrs: {}, backend }) as TensorInfo,
        }
      : {}),
  };
}
