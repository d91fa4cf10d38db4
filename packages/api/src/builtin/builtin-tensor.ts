import { unrollError } from "../contract/error.js";
import type { DeviceTensor, DTypeArray, DType, HostTensor } from "../contract/tensor.js";

/** A result of the builtin engine: an array of its own, in host memory. */
export class BuiltinTensor implements DeviceTensor {
  #contents: DTypeArray[DType] | undefined;

  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    data: DTypeArray[DType],
  ) {
    this.#contents = data;
  }

  /** The memory itself, for the engine to read; throws UNROLL_DISPOSED once it is gone. */
  get data(): DTypeArray[DType] {
    return this.#contents ?? disposed("tensor", `this ${this.dtype} [${this.shape.join(", ")}]`);
  }

  readSync(): HostTensor {
    return { dtype: this.dtype, shape: [...this.shape], data: this.data.slice() };
  }

  async read(): Promise<HostTensor> {
    return this.readSync();
  }

  take(): HostTensor {
    const { dtype, shape, data } = this;
    this.dispose();
    return { dtype, shape, data };
  }

  dispose(): void {
    this.#contents = undefined;
  }
}

export function disposed(what: string, got: string): never {
  throw unrollError({
    code: "UNROLL_DISPOSED",
    place: `builtin ${what}`,
    expected: "one in use",
    got: `${got} after its dispose()`,
    cure: "keep it until the last use",
  });
}
