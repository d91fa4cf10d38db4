import { unrollError } from "../contract/error.js";
import { activate, type Activation } from "../layers/activations.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Block, Value } from "../program/builder.js";
import { gatesOf } from "./gates.js";

/** Options of {@link convLstmCell}. */
export interface ConvLstmOptions {
  /** Lengths of the axes that are convolved over: `[steps]`, or `[rows, columns]`. */
  readonly shape: readonly number[];
  /** Channels of the input. */
  readonly channels: number;
  /** Channels of the state, and of the output. */
  readonly filters: number;
  /** Of both convolutions, one for all axes or one an axis. */
  readonly kernelSize: number | readonly number[];
  /** Of the convolution of the input. Default 1. */
  readonly strides?: number | readonly number[];
  /** Of the convolution of the input: `valid`, the default, or `same`. That of the state is `same`. */
  readonly padding?: "valid" | "same";
  /** Of the convolution of the input. Default 1. */
  readonly dilation?: number | readonly number[];
  /** Of the candidate and of the cell state on its way out. Default `tanh`. */
  readonly activation?: Activation;
  /** Of the gates. Default `sigmoid`; Keras 2 has `hardSigmoidFifth`. */
  readonly recurrentActivation?: Activation;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
}

/** A convolution along one axis. */
interface Along {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly low: number;
  readonly high: number;
  readonly output: number;
}

/** What TensorFlow calls `same` has the odd element of padding behind; `valid` has none. */
function along(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: "valid" | "same",
): Along {
  const reach = (kernel - 1) * dilation + 1;
  const output = padding === "same" ? Math.ceil(size / stride) : Math.floor((size - reach) / stride) + 1;
  const pad = padding === "same" ? Math.max(0, (output - 1) * stride + reach - size) : 0;
  return { size, kernel, stride, dilation, low: Math.floor(pad / 2), high: Math.ceil(pad / 2), output };
}

/** x [batch, ...shape, channels] with what each place of the output sees as its channels. */
function windows(b: Block, x: Value, axes: readonly Along[]): Value {
  const padded = axes.reduce(
    (value, { low, high }, k) => (low + high > 0 ? b.pad(value, k + 1, low, high) : value),
    x,
  );
  const views = axes.reduce<Value[]>(
    (values, { size, kernel, stride, dilation, low, high, output }, k) =>
      values.flatMap((value) =>
        Array.from({ length: kernel }, (_, tap) => {
          const first = tap * dilation;
          return b.stride(value, k + 1, first, size + low + high - first - (output - 1) * stride - 1, stride);
        }),
      ),
    [padded],
  );
  return b.concat(views, axes.length + 1);
}

/** [batch, ...shape, channels] convolved with a kernel [...kernelSize, channels, columns]. */
const convolve = (b: Block, x: Value, kernel: Value, axes: readonly Along[]): Value =>
  b.matmul(windows(b, x, axes), b.mergeAxes(kernel, 0, axes.length + 1));

/**
 * LSTM whose products are convolutions, over one axis or two: ConvLSTM1D and ConvLSTM2D of Keras.
 *
 * i, f, o = σ(x * K + h * U + b), g = φ(…), c' = f ⊙ c + i ⊙ g, h' = o ⊙ φ(c')
 *
 * As every cell it reads and gives a vector a row: the input [batch, ...shape, channels] and the output
 * [batch, ...outputShape, filters] with all axes but the batch as one, as a `reshape` layer makes and undoes
 * it. The state parts `h` and `c` have theirs, [...outputShape, filters]. Weights: `kernel` [...kernelSize,
 * channels, 4 filters], `recurrentKernel` [...kernelSize, filters, 4 filters], `bias` [4 filters], gates i f
 * g o, which is how Keras lays them out.
 *
 * Source: Shi, Chen, Wang, Yeung, Wong and Woo, "Convolutional LSTM Network", 2015, equation 3, without its
 * peepholes; Keras 3, `layers/rnn/conv_lstm.py`.
 *
 * @throws UNROLL_ARGUMENT for another number of axes, or sizes that leave no output
 */
export function convLstmCell({
  shape,
  channels,
  filters,
  kernelSize,
  strides = 1,
  padding = "valid",
  dilation = 1,
  activation = "tanh",
  recurrentActivation = "sigmoid",
  bias = true,
}: ConvLstmOptions): CustomCellSpec {
  if (shape.length !== 1 && shape.length !== 2)
    refuse("a shape of one axis or two", shape, "[steps], or [rows, columns]");
  const perAxis = (name: string, given: number | readonly number[]): readonly number[] => {
    const each = typeof given === "number" ? shape.map(() => given) : given;
    if (each.length !== shape.length || each.some((one) => !Number.isInteger(one) || one < 1))
      refuse(`${name} of at least 1, one or one an axis`, given, `there are ${shape.length} axes`);
    return each;
  };
  const kernel = perAxis("kernelSize", kernelSize);
  const [steps, apart] = [perAxis("strides", strides), perAxis("dilation", dilation)];
  const ofInput = shape.map((size, k) => along(size, kernel[k]!, steps[k]!, apart[k]!, padding));
  const output = ofInput.map((axis) => axis.output);
  if (output.some((size) => !(size >= 1)))
    refuse(
      "a shape that the kernel fits into",
      shape,
      `a kernel of [${kernel.join(", ")}], or padding "same"`,
    );
  const ofState = output.map((size, k) => along(size, kernel[k]!, 1, 1, "same"));
  const sizeOf = (axes: readonly number[]): number => axes.reduce((a, b) => a * b, 1);
  return customCell({
    name: `convLstm${shape.length}d`,
    inputSize: sizeOf(shape) * channels,
    state: { h: [...output, filters], c: [...output, filters] },
    weights: {
      kernel: [...kernel, channels, 4 * filters],
      recurrentKernel: [...kernel, filters, 4 * filters],
      ...(bias && { bias: [4 * filters] }),
    },
    step(b, { x, state: { h, c }, weights: w }) {
      // Zeros with the axes of the image, of which only the lengths are read.
      const like = [...shape, channels].reduce(
        (value, size, k) => (size > 1 ? b.pad(value, k + 1, 0, size - 1) : value),
        b.constant(0, [1, ...shape.map(() => 1), 1]),
      );
      const image = b.splitAxis(x, like, 1, shape.length + 1);
      const product = convolve(b, image, w.kernel, ofInput);
      const fromInput = w.bias ? b.add(product, w.bias) : product;
      const pre = b.add(fromInput, convolve(b, h, w.recurrentKernel, ofState));
      const [i, f, g, o] = gatesOf(b, pre, 4) as [Value, Value, Value, Value];
      const gate = (v: Value): Value => activate(b, recurrentActivation, v);
      const next = b.add(b.mul(gate(f), c), b.mul(gate(i), activate(b, activation, g)));
      const hidden = b.mul(gate(o), activate(b, activation, next));
      return { state: { h: hidden, c: next }, output: b.mergeAxes(hidden, 1, shape.length + 1) };
    },
  });
}

function refuse(expected: string, got: unknown, cure: string): never {
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "convLstmCell",
    expected,
    got: JSON.stringify(got),
    cure,
    details: { expected, got },
  });
}
