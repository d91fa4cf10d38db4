/**
 * What this adapter uses of TensorFlow.js, by structure: the library is given as a value, and none of its
 * types appear in ours. `import * as tf from "@tensorflow/tfjs"` (or tfjs-core with a backend) fits.
 */
export interface TensorFlow {
  engine(): unknown;
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  findBackend(name: string): unknown;
  findBackendFactory(name: string): unknown;
  getKernel(name: string, backend: string): unknown;
  registerKernel(config: {
    kernelName: string;
    backendName: string;
    kernelFunc: (params: never) => unknown;
  }): void;
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
