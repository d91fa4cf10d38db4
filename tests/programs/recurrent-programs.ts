import {
  type HostTensor,
  type NamedValues,
  type Program,
  ProgramBuilder,
  tensor,
  type Value,
} from "@unroll/api/adapter";
import type { Activation } from "../../packages/api/src/layers/activations.js";
import { composites } from "../../packages/api/src/layers/composites.js";
import { gru, gruStep } from "../../packages/api/src/layers/gru.js";
import { lstm, lstmStep } from "../../packages/api/src/layers/lstm.js";
import { simpleRnn, simpleRnnStep } from "../../packages/api/src/layers/simple-rnn.js";

let seed = 1;
/** Begins the values anew, so that what is drawn next is what was drawn before. */
export const reseed = (): void => {
  seed = 1;
};
export const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed / 2 ** 32) * 2 - 1;
};
/** Seeded values between -1 and 1. */
export const draw = (shape: readonly number[]): HostTensor =>
  tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random), shape);

export type Feeds = Record<string, HostTensor>;

export const kinds = ["lstm", "gru", "simpleRnn"] as const;
export type Kind = (typeof kinds)[number];
const gates: Readonly<Record<Kind, number>> = { lstm: 4, gru: 3, simpleRnn: 1 };

export interface Options {
  readonly activation: Activation;
  readonly recurrentActivation: Activation;
  readonly outputActivation: Activation;
  readonly resetAfter: boolean;
  readonly reverse: boolean;
  readonly maskedOutput: "zero" | "hold";
  readonly heldStart: "zeros" | "initialState";
}
export const defaults: Options = {
  activation: "tanh",
  recurrentActivation: "sigmoid",
  outputActivation: "tanh",
  resetAfter: true,
  reverse: false,
  maskedOutput: "zero",
  heldStart: "zeros",
};

export interface Sizes {
  readonly time: number;
  readonly batch: number;
  readonly inputSize: number;
  readonly units: number;
  /** Size of h, of an LSTM that projects it. */
  readonly projection?: number;
  /** Whether the gates of an LSTM see its cell state. */
  readonly peepholes?: boolean;
}

/** A program of one recurrent composite, its weights and feeds. */
export function recurrentProgram(
  kind: Kind,
  cell: boolean,
  options: Options,
  biases: "none" | "single" | "split",
  extent: "none" | "mask" | "lengths",
  { time, batch, inputSize, units, projection, peepholes = false }: Sizes,
  asWeights = true,
): { program: Program; weights: Feeds; feeds: Feeds } {
  const p = new ProgramBuilder(kind);
  const b = p.block;
  const [weights, feeds]: [Feeds, Feeds] = [{}, {}];
  const cols = gates[kind] * units;
  const weight = (name: string, shape: readonly number[]): Value => {
    (asWeights ? weights : feeds)[name] = draw(shape);
    return asWeights ? p.param(name, shape) : p.input(name, { dtype: "float32", shape });
  };
  const x = p.input("x", {
    dtype: "float32",
    shape: cell ? ["batch", inputSize] : ["time", "batch", inputSize],
  });
  feeds["x"] = draw(cell ? [batch, inputSize] : [time, batch, inputSize]);
  const size = projection ?? units;
  const state = (name: string, length: number): Value => {
    feeds[name] = draw([batch, length]);
    return p.input(name, { dtype: "float32", shape: ["batch", length] });
  };
  const h = state("h", size);
  const values: NamedValues = {
    kernel: weight("kernel", [inputSize, cols]),
    recurrentKernel: weight("recurrentKernel", [size, cols]),
    inputBias: biases === "none" ? undefined : weight("inputBias", [cols]),
    recurrentBias: biases === "split" ? weight("recurrentBias", [cols]) : undefined,
    peephole: peepholes ? weight("peephole", [3 * units]) : undefined,
    projectionKernel: projection === undefined ? undefined : weight("projectionKernel", [units, projection]),
  };
  let within: NamedValues = {};
  if (extent === "lengths") {
    within = { lengths: p.input("lengths", { dtype: "int32", shape: ["batch"] }) };
    feeds["lengths"] = tensor(
      Array.from({ length: batch }, (_, row) => row % (time + 1)),
      [batch],
      "int32",
    );
  } else if (extent === "mask") {
    within = { mask: p.input("mask", { dtype: "bool", shape: ["time", "batch"] }) };
    feeds["mask"] = tensor(
      Array.from({ length: time * batch }, (_, k) => (k % batch === 0 ? 0 : Number(random() > 0))),
      [time, batch],
      "bool",
    );
  }
  // A claim is closed: with another kind's attributes every engine would expand it.
  const { attrs: known } = composites[cell ? (`${kind}Cell` as const) : kind];
  const own = Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(known, name)),
  ) as never;
  const made: Readonly<Record<string, Value>> =
    kind === "lstm"
      ? cell
        ? lstmStep(b, x, { h, c: state("c", units) }, values, own)
        : lstm(b, x, { h, c: state("c", units) }, values, within, own)
      : kind === "gru"
        ? cell
          ? gruStep(b, x, { h }, values, own)
          : gru(b, x, { h }, values, within, own)
        : cell
          ? simpleRnnStep(b, x, { h }, values, own)
          : simpleRnn(b, x, { h }, values, within, own);
  for (const [name, value] of Object.entries(made)) p.output(`${name}Out`, value);
  return { program: p.finish(), weights, feeds };
}
