import type { Tensors } from "./planting/differ.js";
import { fault, type Fault } from "./planting/fault.js";
import { changeElements, coarse, isState } from "./planting/results.js";
import { changeRecurrent } from "./planting/weights.js";

const large = (feeds: Tensors): boolean =>
  Object.values(feeds).some(({ data }) => data.some((value) => Math.abs(value) > 1000));

/** Precision, and numbers that are not finite. */
export const numbers: readonly Fault[] = [
  fault(
    "weights-in-half-precision",
    "weights are rounded to 16 bits",
    "engines that store weights as float16 without saying so",
    { weights: changeRecurrent(({ data }) => Float32Array.from(data, (value) => coarse(value, 10))) },
  ),
  fault(
    "weights-in-bfloat16",
    "weights are rounded to 8 bits of mantissa",
    "bfloat16 as the default of a matrix unit",
    { weights: changeRecurrent(({ data }) => Float32Array.from(data, (value) => coarse(value, 7))) },
  ),
  fault(
    "state-in-half-precision",
    "states are rounded to 16 bits between runs",
    "a cache of states in float16",
    { results: changeElements((value) => coarse(value, 10), isState) },
  ),
  fault("half-precision-inside", "results have the precision of 16 bits", "WebGL on phones, shader-f16", {
    results: changeElements((value) => coarse(value, 10)),
  }),
  fault("crude-activations", "results are off by a ten-thousandth", "fast tanh and sigmoid approximations", {
    results: changeElements((value, k) => value + 1e-4 * Math.sin(37 * value + k)),
  }),
  fault(
    "nan-becomes-zero",
    "a NaN comes out as 0",
    "onnxruntime's fused LSTM clips its gates; Relu and ClipByValue of tfjs wasm",
    { results: changeElements((value) => (Number.isNaN(value) ? 0 : value)) },
  ),
  fault(
    "nan-spreads-over-the-batch",
    "a NaN in one row spoils every row",
    "masks made by multiplying with 0: 0 times NaN is NaN",
    {
      results: changeElements((value, _k, { data }) =>
        (data as Float32Array).some(Number.isNaN) ? NaN : value,
      ),
    },
  ),
  fault(
    "exponential-overflows",
    "a large input gives NaN",
    "a sigmoid written as e^x / (1 + e^x); tanh by exponentials on WebGL",
    {
      results: (results, { feeds }) =>
        large(feeds)
          ? Object.fromEntries(
              Object.entries(results).map(([name, held]) => [
                name,
                held.dtype === "float32"
                  ? { ...held, data: new Float32Array(held.data.length).fill(NaN) }
                  : held,
              ]),
            )
          : results,
    },
  ),
];
