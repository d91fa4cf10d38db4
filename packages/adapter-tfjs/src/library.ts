/**
 * What this adapter uses of TensorFlow.js, by structure: the library is given as a value, and none of its
 * types appear in ours. `import * as tf from "@tensorflow/tfjs"` (or tfjs-core with a backend) fits.
 */
export interface TensorFlow {
  /** What runs kernels and counts tensors. */
  engine(): unknown;
  /** Name of the current backend, which stays what it was. */
  getBackend(): string;
  /** Chooses a backend while it is started. */
  setBackend(name: string): Promise<boolean>;
  /** A backend that was started, by name. */
  findBackend(name: string): unknown;
  /** Whether a backend is registered, by name. */
  findBackendFactory(name: string): unknown;
  /** A backend's kernel of an operation. */
  getKernel(name: string, backend: string): unknown;
  /** Adds a kernel of ours to a backend: its `kernelName`, `backendName` and `kernelFunc`. */
  registerKernel(config: {
    kernelName: string;
    backendName: string;
    kernelFunc: (params: never) => unknown;
  }): void;
  /** Waits until the current backend has started. */
  ready(): Promise<void>;
}

/** A kernel's view of a tensor: what it is and where its data lives. */
export interface TensorInfo {
  dataId: object;
  shape: number[];
  dtype: string;
}

/** A tensor the library tracks. */
export interface TfTensor extends TensorInfo {
  readonly isDisposed: boolean;
  data(): Promise<ArrayLike<number>>;
  dataSync(): ArrayLike<number>;
  dispose(): void;
}

export type Attributes = Readonly<Record<string, unknown>>;

/** The part of a backend that our own kernels need; the names differ, see `recurrent/host-memory.ts`. */
export interface Backend {
  disposeData(dataId: object): boolean;
}

/** What a kernel of ours is called with. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: Backend;
}

/** The library with the members typed as this adapter calls them. */
export interface Library extends Omit<TensorFlow, "engine" | "getKernel"> {
  engine(): {
    runKernel(
      name: string,
      inputs: Readonly<Record<string, TensorInfo>> | readonly TensorInfo[],
      attrs?: Attributes,
    ): TfTensor | TfTensor[];
    tidy<T>(run: () => T): T;
    keep(tensor: TfTensor): TfTensor;
    /** Private to the library, and the only sign that a backend is starting. */
    readonly pendingBackendInit?: Promise<unknown> | null;
    readonly registry?: Readonly<Record<string, object>>;
    readonly registryFactory?: object;
    backendName?: string;
    backendInstance?: object;
  };
  getKernel(
    name: string,
    backend: string,
  ): { kernelFunc(call: KernelCall): TensorInfo | TensorInfo[] } | undefined;
  tensor(data: ArrayLike<number>, shape: readonly number[], dtype: string): TfTensor;
  readonly version_core?: string;
  env?(): { getBool(flag: string): boolean; readonly flagRegistry?: object };
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  where(condition: TfTensor, a: TfTensor, b: TfTensor): TfTensor;
  broadcastTo(x: TfTensor, shape: readonly number[]): TfTensor;
  range(start: number, stop: number, step: number, dtype: string): TfTensor;
  stack(tensors: readonly TfTensor[], axis: number): TfTensor;
  softmax(x: TfTensor): TfTensor;
  logSoftmax(x: TfTensor): TfTensor;
}
