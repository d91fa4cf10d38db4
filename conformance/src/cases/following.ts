import {
  activation,
  batchNorm,
  convolution,
  dense,
  dropout,
  groupNorm,
  layerNorm,
  type LayerSpec,
  pad,
  permute,
  pool,
  positionalEmbedding,
  reduce,
  reshape,
  rmsNorm,
  slice,
  stack,
  tile,
} from "@unroll/api";
import type { Following, LayerChoice } from "./layer-choice.js";

/** One layer or several of a name, the last of which has it. */
type Follower = (
  name: string,
  at: string,
  size: number,
  choice: LayerChoice,
) => readonly [layers: LayerSpec | readonly LayerSpec[], size: number];

/** Rows of a table of positions: more than the longest case has steps, whatever position it starts from. */
const POSITIONS = 128;

/** The last position that a case may start from. */
export const LAST_START = 20;

/** The largest of a few divisors. */
const divisorOf = (size: number): number => [3, 2, 1].find((one) => size % one === 0)!;

/** Two axes of what has one, then what some layers make of them, then one again. */
function onTwoAxes(
  name: string,
  at: string,
  size: number,
  make: (at: string, shape: readonly [number, number]) => LayerSpec,
  left: number,
): ReturnType<Follower> {
  const shape = [divisorOf(size), size / divisorOf(size)] as const;
  return [
    [
      reshape({ name: `${name}_parted`, input: at, shape }),
      make(`${name}_parted`, shape),
      reshape({ name, input: `${name}_made`, shape: [left] }),
    ],
    left,
  ];
}

/** Activations of one element that cells don't have. */
const outerOnly = ["relu6", "silu", "hardSilu", "mish"] as const;

/** Below 0, of activations that are given one. */
export const SLOPE = 0.3125;

/**
 * What may follow a recurrent layer, by its own name, on values of some size; and the size that it leaves.
 */
export const following: { readonly [T in Following]: Follower } = {
  dropout: (name, at, size) => [dropout({ name, input: at, rate: 0.5 }), size],
  // The form of the bias, which this layer has none of, says which sort of activation.
  activation: (name, at, size, { bias, units, peepholes, outputActivation }) => [
    bias === "none"
      ? activation({ name, input: at, activation: outerOnly[units % outerOnly.length]! })
      : bias === "split"
        ? activation({ name, input: at, activation: peepholes ? "elu" : "leakyRelu", slope: SLOPE })
        : activation({ name, input: at, activation: outputActivation }),
    size,
  ],
  layerNorm: (name, at, size, { bias, peepholes }) => [
    layerNorm({
      name,
      input: at,
      inputSize: size,
      // So large that no rounding of values which hardly differ is blown up.
      epsilon: 0.125,
      scale: bias !== "none",
      center: !peepholes,
    }),
    size,
  ],
  dense: (name, at, size, choice) => [
    dense({ name, input: at, inputSize: size, units: 2, activation: choice.activation }),
    2,
  ],
  // What sees steps after its own can't be stepped, so those stand where nothing else can be either.
  convolution: (name, at, size, { form, bias, peepholes, resetAfter, activation: candidate }) => [
    convolution({
      name,
      input: at,
      inputShape: [size],
      filters: 2 * size,
      kernelSize: [resetAfter ? 2 : 3],
      dilations: [peepholes ? 2 : 1],
      padding: form === "forward" ? "causal" : "same",
      groups: resetAfter ? 1 : size,
      bias: bias === "none" ? "none" : "single",
      activation: candidate,
    }),
    2 * size,
  ],
  pool: (name, at, size, { form, resetAfter, peepholes }) => [
    pool({
      name,
      input: at,
      kind: resetAfter ? "max" : "average",
      kernelSize: [form === "forward" ? 1 : 2],
      strides: [1],
      padding: form === "forward" ? "valid" : "same",
      countPadding: peepholes && !resetAfter,
    }),
    size,
  ],
  batchNorm: (name, at, size, { bias, peepholes }) => [
    batchNorm({
      name,
      input: at,
      inputSize: size,
      epsilon: 0.125,
      scale: bias !== "none",
      center: !peepholes,
    }),
    size,
  ],
  rmsNorm: (name, at, size, { bias }) => [
    rmsNorm({ name, input: at, inputSize: size, epsilon: 0.125, scale: bias !== "none" }),
    size,
  ],
  // By turns of one axis, and of several, over all but the last of which a group goes.
  groupNorm(name, at, size, { bias, peepholes, resetAfter }) {
    const norm = (of: string, input: string, inputSize: number): LayerSpec =>
      groupNorm({
        name: of,
        input,
        inputSize,
        groups: divisorOf(inputSize),
        epsilon: 0.125,
        scale: bias !== "none",
        center: !peepholes,
      });
    if (resetAfter) return [norm(name, at, size), size];
    return onTwoAxes(name, at, size, (input, [, last]) => norm(`${name}_made`, input, last), size);
  },
  reshape: (name, at, size, choice) => following.permute(name, at, size, choice),
  permute: (name, at, size) =>
    onTwoAxes(name, at, size, (input) => permute({ name: `${name}_made`, input, order: [1, 0] }), size),
  slice: (name, at, size, { bias }) => [
    size === 1
      ? slice({ name, input: at, axis: 0, start: 0, length: 1 })
      : bias === "none"
        ? slice({ name, input: at, axis: 0, start: 0, length: Math.ceil(size / 2), step: 2 })
        : slice({ name, input: at, axis: 0, start: 1, length: size - 1 }),
    size === 1 ? 1 : bias === "none" ? Math.ceil(size / 2) : size - 1,
  ],
  pad: (name, at, size, { peepholes, resetAfter }) => [
    pad({ name, input: at, axis: 0, before: 1, after: resetAfter ? 0 : 2, value: peepholes ? 0.25 : 0 }),
    size + (resetAfter ? 1 : 3),
  ],
  tile: (name, at, size, { resetAfter }) => [
    tile({ name, input: at, axis: 0, times: 2, order: resetAfter ? "elements" : "blocks" }),
    2 * size,
  ],
  stack: (name, at, size, { resetAfter }) => [
    [
      activation({ name: `${name}_other`, input: at, activation: "softsign" }),
      stack({ name: `${name}_both`, inputs: [at, `${name}_other`], axis: resetAfter ? 0 : 1 }),
      reshape({ name, input: `${name}_both`, shape: [2 * size] }),
    ],
    2 * size,
  ],
  positionalEmbedding: (name, at, size) => [
    positionalEmbedding({ name, input: at, inputSize: size, maxLength: POSITIONS }),
    size,
  ],
  reduce: (name, at, size, { reduction, resetAfter }) => [
    [
      activation({ name: `${name}_other`, input: at, activation: "softsign" }),
      stack({ name: `${name}_both`, inputs: [at, `${name}_other`], axis: resetAfter ? 0 : 1 }),
      reduce({ name, input: `${name}_both`, axis: resetAfter ? 0 : 1, mode: reduction }),
    ],
    size,
  ],
};

/** Those that were there first come as often as all others together, so that what they show still shows. */
export const usually = [
  "dropout",
  "activation",
  "layerNorm",
  "dense",
] as const satisfies readonly Following[];
export const others = Object.keys(following).filter(
  (name) => !(usually as readonly string[]).includes(name),
) as Following[];
