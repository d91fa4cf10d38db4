import type { Spec, WeightMap } from "@unroll/api";
import {
  type AnyTensor,
  type Converted,
  type ForeignWeights,
  fromKeras,
  fromOnnx,
  fromTf1,
  fromTorch,
  toKeras,
  toOnnx,
  toTf1,
  toTorch,
} from "@unroll/api/weights";

/** Another framework's names and layouts of weights, both ways. */
export interface Dialect {
  /** The framework, for people. */
  readonly name: string;
  /** Weights by the framework's names. @throws UNROLL_UNSUPPORTED for a layer that it does not have */
  to(spec: Spec, weights: WeightMap): Converted<ForeignWeights>;
  /** Weights by the framework's names, as canonical ones. @throws UNROLL_WEIGHTS */
  from(spec: Spec, named: Readonly<Record<string, AnyTensor>>): Converted<WeightMap>;
}

/** Every dialect of `@unroll/api/weights`. */
export const dialects: readonly Dialect[] = [
  {
    name: "PyTorch",
    to: (spec, weights) => toTorch(spec, weights),
    from: (spec, named) => fromTorch(spec, named),
  },
  {
    name: "Keras",
    to: (spec, weights) => toKeras(spec, weights),
    from: (spec, named) => fromKeras(spec, named),
  },
  {
    name: "ONNX",
    to: (spec, weights) => toOnnx(spec, weights),
    from: (spec, named) => fromOnnx(spec, named),
  },
  {
    name: "TensorFlow 1",
    to: (spec, weights) => toTf1(spec, weights),
    from: (spec, named) => fromTf1(spec, named),
  },
];
