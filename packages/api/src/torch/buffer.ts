import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import {
  allocate,
  type DType,
  type DTypeArray,
  type HostTensor,
  isHostTensor,
  sizeOf,
} from "../contract/tensor.js";
import { type AnyTensor, toStored } from "../formats/named-tensor.js";
import { numbersIn, optionsOf } from "./arguments.js";
import { Tensor } from "./tensor/tensor.js";

/**
 * `torch.nn.Buffer`: a tensor of a module that is no weight, as a mask or a table, under the name of the
 * attribute that holds it. It is part of the state dict where it is persistent.
 */
export class Buffer extends Tensor {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** What its elements are. */
  readonly dtype: DType;
  /** Its values, row-major, to be read: `load` gives it others. */
  readonly data: DTypeArray[DType];
  /** Whether it is part of the state dict. */
  readonly persistent: boolean;

  /**
   * @param given its values until others are loaded: a copy
   * @param options `persistent`, by itself or by name: whether it is part of the state dict; default true
   * @throws UNROLL_ARGUMENT for what is no tensor
   */
  constructor(given: Tensor | HostTensor, options?: boolean | { persistent?: boolean }) {
    super();
    const place = "nn.Buffer";
    if (!isHostTensor(given))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: "a tensor",
        got: kindOf(given),
        cure: "e.g. new nn.Buffer(torch.ones(3))",
      });
    [this.dtype, this.shape] = [given.dtype, [...given.shape]];
    this.data = allocate(given.dtype, sizeOf(given.shape));
    this.data.set(given.data);
    const known = optionsOf<{ persistent?: boolean }>(
      place,
      options,
      ["persistent"],
      "persistent",
      "boolean",
    );
    this.persistent = known.persistent ?? true;
  }

  get backend(): null {
    return null;
  }

  /**
   * Takes other values: a copy.
   *
   * @param values row-major, as many as it has
   * @throws UNROLL_SHAPE for another number of them; UNROLL_DTYPE for what are no numbers, and for parts of
   *   whole ones
   */
  load(values: ArrayLike<number>): void {
    const all = Array.from(numbersIn("nn.Buffer", values));
    const whole = this.dtype === "float32" || all.every((one) => (one | 0) === one);
    if (all.length !== this.data.length || !whole)
      throw unrollError({
        code: whole ? "UNROLL_SHAPE" : "UNROLL_DTYPE",
        place: "nn.Buffer",
        expected: `${this.data.length} ${this.dtype} values`,
        got: whole ? `${all.length}` : "others",
        cure: "give one for each element",
      });
    this.data.set(all);
  }
}

/**
 * A buffer's values out of a file, as the floats that weights are read as.
 *
 * @throws UNROLL_DTYPE for whole numbers that float32 does not hold
 */
export function floatsOf(place: string, given: AnyTensor): AnyTensor {
  const { dtype, shape, data } = toStored(given);
  if (dtype.includes("F")) return given;
  const exact = Array.from(data as ArrayLike<number | bigint>, Number);
  const floats = Float32Array.from(exact);
  if (exact.some((one, k) => one !== floats[k]))
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "whole numbers up to 2^24",
      got: "larger ones",
      cure: "load() of the buffer takes them",
    });
  return { dtype: "float32", shape, data: floats };
}
