import { allocate, type DeviceTensor, type DType, type HostTensor, unrollError } from "@unroll/api/adapter";
import type { TfTensor } from "./library.js";

/** A result that TensorFlow.js holds. */
export class TfjsTensor implements DeviceTensor {
  readonly shape: readonly number[];
  /** Present where reading does not wait for a device. */
  readonly readSync?: () => HostTensor;

  constructor(
    readonly dtype: DType,
    private readonly held: TfTensor,
    hostMemory: boolean,
  ) {
    this.shape = held.shape;
    if (hostMemory) this.readSync = () => this.host(this.tensor.dataSync());
  }

  /** The library's tensor; throws UNROLL_DISPOSED once it is gone. */
  get tensor(): TfTensor {
    if (!this.held.isDisposed) return this.held;
    throw unrollError({
      code: "UNROLL_DISPOSED",
      place: "tfjs tensor",
      expected: "one in use",
      got: `this ${this.dtype} [${this.shape.join(", ")}] after its dispose()`,
      cure: "keep it until the last use",
    });
  }

  async read(): Promise<HostTensor> {
    return this.host(await this.tensor.data());
  }

  dispose(): void {
    if (!this.held.isDisposed) this.held.dispose();
  }

  // The cpu backend hands out its own memory, so the contents are copied.
  private host(values: ArrayLike<number>): HostTensor {
    const data = allocate(this.dtype, values.length);
    data.set(values);
    return { dtype: this.dtype, shape: [...this.shape], data };
  }
}
