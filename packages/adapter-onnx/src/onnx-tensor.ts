import { allocate, type DeviceTensor, type DType, type HostTensor, unrollError } from "@unroll/api/adapter";
import type { OrtTensor } from "./library.js";

/** A result that ONNX Runtime holds. */
export class OnnxTensor implements DeviceTensor {
  protected held: OrtTensor | undefined;
  protected disposed = false;
  protected runs = 0;

  /** @param shape as the program has it, whatever axes of size 1 the library's tensor has */
  protected constructor(
    readonly dtype: DType,
    tensor: OrtTensor,
    readonly shape: readonly number[],
  ) {
    this.held = tensor;
  }

  /** A result, where it is. */
  static of(dtype: DType, tensor: OrtTensor, shape: readonly number[] = tensor.dims): OnnxTensor {
    return onHost(tensor) ? new HostOnnxTensor(dtype, tensor, shape) : new OnnxTensor(dtype, tensor, shape);
  }

  /** The library's tensor; throws UNROLL_DISPOSED once it is gone. */
  get tensor(): OrtTensor {
    if (this.held && !this.disposed) return this.held;
    throw unrollError({
      code: "UNROLL_DISPOSED",
      place: "onnx tensor",
      expected: "one in use",
      got: `this ${this.dtype} [${this.shape.join(", ")}] after its dispose()`,
      cure: "keep it until the last use",
    });
  }

  async read(): Promise<HostTensor> {
    return this.host(await this.tensor.getData!());
  }

  /**
   * The tensor, for a run that may be waiting its turn: until {@link release}, dispose() leaves the memory
   * alone.
   */
  borrow(): OrtTensor {
    const { tensor } = this;
    this.runs++;
    return tensor;
  }

  release(): void {
    this.runs--;
    this.free();
  }

  dispose(): void {
    this.disposed = true;
    this.free();
  }

  private free(): void {
    if (!this.disposed || this.runs > 0) return;
    this.held?.dispose?.();
    this.held = undefined;
  }

  protected host(values: ArrayLike<number>): HostTensor {
    // Not TypedArray.from, which walks an iterator: eleven times slower on a sequence of outputs.
    const data = allocate(this.dtype, values.length);
    data.set(values);
    return { dtype: this.dtype, shape: [...this.shape], data };
  }
}

/** One that can be read without waiting for a device. */
class HostOnnxTensor extends OnnxTensor {
  constructor(dtype: DType, tensor: OrtTensor, shape: readonly number[]) {
    super(dtype, tensor, shape);
  }

  readSync(): HostTensor {
    return this.host(this.tensor.data);
  }

  override async read(): Promise<HostTensor> {
    return this.readSync();
  }

  /** The library hands out an array of its own for every result and keeps none. */
  take(): HostTensor {
    const { data } = this.tensor;
    // A run that waits its turn reads it still.
    if (this.runs > 0) {
      const copy = this.readSync();
      this.dispose();
      return copy;
    }
    this.disposed = true;
    this.held = undefined;
    return { dtype: this.dtype, shape: [...this.shape], data: data as HostTensor["data"] };
  }
}

const onHost = ({ location }: OrtTensor): boolean =>
  location === undefined || location === "cpu" || location === "cpu-pinned";
