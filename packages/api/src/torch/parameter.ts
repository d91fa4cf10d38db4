import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { type HostTensor, isHostTensor, sizeOf } from "../contract/tensor.js";
import { assertOptions, numbersIn } from "./arguments.js";
import { Tensor } from "./tensor/tensor.js";

let stamps = 0;

/**
 * `torch.nn.Parameter`: a weight of a module, under the name of the attribute that holds it. Loading gives it
 * other values. The same one in two modules is one weight, as where an output layer is tied to an embedding.
 */
export class Parameter extends Tensor {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Without effect: there are no gradients here. */
  readonly requiresGrad: boolean;
  #data: Float32Array | null;
  /** @internal Another number whenever its values are others, and for each parameter. */
  stamp = ++stamps;

  /**
   * @param given its values until others are loaded: a copy
   * @param options `requiresGrad`, without effect
   * @throws UNROLL_ARGUMENT for what is no float32 tensor
   */
  constructor(given: Tensor | HostTensor, options: { requiresGrad?: boolean } = {}) {
    super();
    assertOptions("nn.Parameter", options, ["requiresGrad"]);
    if (!(given instanceof Unloaded) && (!isHostTensor(given) || given.dtype !== "float32"))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "nn.Parameter",
        expected: "a float32 tensor",
        got: isHostTensor(given) ? given.dtype : kindOf(given),
        cure: "e.g. new nn.Parameter(torch.randn(4, 3))",
      });
    this.shape = [...given.shape];
    this.requiresGrad = options.requiresGrad ?? true;
    this.#data = given instanceof Unloaded ? null : (given.data as Float32Array).slice();
  }

  /** @internal One whose values are not known yet. */
  static unloaded(shape: readonly number[]): Parameter {
    return new Parameter(new Unloaded(shape) as unknown as HostTensor);
  }

  get dtype(): "float32" {
    return "float32";
  }

  get backend(): null {
    return null;
  }

  /** @internal Whether it has values. */
  get loaded(): boolean {
    return this.#data !== null;
  }

  /** Its values, row-major, to be read: `load` gives it others. @throws UNROLL_WEIGHTS without any */
  get data(): Float32Array {
    if (this.#data) return this.#data;
    throw unrollError({
      code: "UNROLL_WEIGHTS",
      place: "nn.Parameter",
      expected: "weights",
      got: `none of shape [${this.shape.join(", ")}]`,
      cure: "call loadStateDict first",
    });
  }

  /**
   * Takes other values: a copy.
   *
   * @param values row-major, as many as it has
   * @throws UNROLL_SHAPE for another number of them; UNROLL_DTYPE for what are no numbers
   */
  load(values: ArrayLike<number>): void {
    const size = sizeOf(this.shape);
    if (values.length !== size)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: "nn.Parameter",
        expected: `${size} values`,
        got: `${values.length}`,
        cure: "give one for each element",
      });
    (this.#data ??= new Float32Array(size)).set(numbersIn("nn.Parameter", values));
    this.stamp = ++stamps;
  }
}

/** The shape of weights that are to be loaded. */
class Unloaded {
  readonly shape: readonly number[];
  constructor(shape: readonly number[]) {
    this.shape = shape;
  }
}
