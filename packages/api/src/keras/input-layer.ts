import { type Applied, type KerasTensor, Layer } from "./layer.js";

/** An input of a model among its layers, as Keras's `InputLayer`. */
export class InputLayer extends Layer {
  readonly kind = "input_layer";

  /** @internal Made by a model, for one of its inputs. */
  constructor(
    name: string,
    private readonly tensor: KerasTensor,
  ) {
    super({ name });
  }

  override get output(): Applied {
    return this.tensor as Applied;
  }

  override countParams(): number {
    return 0;
  }

  override checkInputs(): never {
    return this.refuse(
      "UNROLL_ARGUMENT",
      "a layer that reads something",
      "an input",
      "its output is a tensor",
    );
  }

  toSpecs(): never {
    return this.checkInputs();
  }
}
