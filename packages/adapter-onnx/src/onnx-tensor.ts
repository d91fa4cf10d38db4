import { allocate, type DeviceTensor, type DType, type HostTensor, unrollError } from "@unroll/api/adapter";
import type { OrtTensor } from "./library.js";

/** A result that ONNX Runtime holds. */
export class OnnxTensor implements DeviceTensor {
  readonly shape: readonly number[];
  /** Present where reading does not wait for a device. */
  readonly readSync?: () => HostTensor;
  readonly take?: () => HostTensor;
  private held: OrtTensor | undefined;
  private disposed = false;
  private runs = 0;

  constructor(
    readonly dtype: DType,
    tensor: OrtTensor,
  ) {
    this.shape = tensor.dims;
    this.held = tensor;
    if (!onHost(tensor)) return;
    this.readSync = () => this.host(this.tensor.data);
    // The library hands out an array of its own for every result and keeps none.
    this.take = () => {
      const data = this.tensor.data as HostTensor["data"];
      if (this.runs > 0) return this.readSync!();
      this.disposed = true;
      this.held = undefined;
      return { dtype: this.dtype, shape: [...this.shape], data };
    };
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
    const { tensor } = this;
    return this.host(onHost(tensor) ? tensor.data : await tensor.getData!());
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

  private host(values: ArrayLike<number>): HostTensor {
    // Not TypedArray.from, which walks an iterator: eleven times slower on a sequence of outputs.
    const data = allocate(this.dtype, values.length);
    data.set(values);
    return { dtype: this.dtype, shape: [...this.shape], data };
  }
}

const onHost = ({ location }: OrtTensor): boolean =>
  location === undefined || location === "cpu" || location === "cpu-pinned";
