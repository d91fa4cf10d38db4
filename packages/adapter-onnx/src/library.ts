/**
 * What this adapter uses of ONNX Runtime, by structure: the library is given as a value, and none of its
 * types appear in ours. The namespaces of onnxruntime-web and onnxruntime-node fit alike.
 */
export interface OnnxRuntime {
  /** Makes a session of a model: `create`. */
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<unknown> };
  /** Makes what a session is fed. */
  readonly Tensor: unknown;
}

export type OrtType = "float32" | "int32" | "bool";

export interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
  /** `cpu` and `cpu-pinned` can be read at once. */
  readonly location?: string;
  getData?(): Promise<ArrayLike<number>>;
  dispose?(): void;
}

export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release?(): Promise<void>;
}

/** The library with the members typed as this adapter calls them. */
export interface Library {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  readonly env?: {
    readonly versions?: { readonly common?: string; readonly web?: string; readonly node?: string };
  };
  /** Of onnxruntime-node alone. */
  listSupportedBackends?(): readonly { readonly name: string; readonly bundled: boolean }[];
  readonly Tensor: new (type: OrtType, data: ArrayLike<number>, dims: readonly number[]) => OrtTensor;
}
