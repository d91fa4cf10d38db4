import { type DeviceTensor, type DType, type DTypeArray, type HostTensor, UnrollError } from "@unroll/api/adapter";
import type { OrtTensor } from "./library.js";

/** A result that ONNX Runtime holds. */
export class OnnxTensor implements DeviceTensor {
  readonly shape: readonly number[];
  /** Present where reading does not wait for a device. */
  readonly readSync?: () => HostTensor;
  private held: OrtTensor | undefined;

  constructor(readonly dtype: DType, tensor: OrtTensor) {
    this.shape = tensor.dims;
    this.held = tensor;
    if (onHost(tensor)) this.readSync = () => this.host(this.tensor.data);
  }

  /** The library's tensor; throws UNROLL_DISPOSED once it is gone. */
  get tensor(): OrtTensor {
    if (this.held) return this.held;
    throw new UnrollError("UNROLL_DISPOSED", `onnx tensor: expected one in use, got this ${this.dtype} [${this.shape.join(", ")}] after its dispose(); keep it until the last use`, {});
  }

  async read(): Promise<HostTensor> {
    const { tensor } = this;
    return this.host(onHost(tensor) ? tensor.data : await tensor.getData!());
  }

  dispose(): void {
    this.held?.dispose?.();
    this.held = undefined;
  }

  private host(values: ArrayLike<number>): HostTensor {
    const data = this.dtype === "float32" ? Float32Array.from(values) : this.dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values);
    return { dtype: this.dtype, shape: [...this.shape], data: data as DTypeArray[DType] };
  }
}

const onHost = ({ location }: OrtTensor): boolean => location === undefined || location === "cpu" || location === "cpu-pinned";
