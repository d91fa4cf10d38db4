import { BatchNormalizationLayer } from "../keras/normalization.js";

/**
 * A batch normalisation whose moving mean and variance come after the weights of every layer of the model, as
 * TensorFlow.js 4.22 has them (`engine/container.ts`, `get weights`); Keras has them beside the layer's own.
 */
export class TrailingStatistics extends BatchNormalizationLayer {
  override get unlikeKeras(): string {
    return "moving means and variances come beside the layer's other weights there";
  }

  override get statisticsLast(): boolean {
    return true;
  }
}
