import {
  type Activation,
  activation,
  attention,
  batchNorm,
  groupNorm,
  input,
  type LayerSpec,
  layerNorm,
  lower,
  rmsNorm,
  spec,
  tensor,
} from "@unroll/api";
import type { GivenProgram } from "./programs.js";
import { weightsOf } from "./cases.js";
import { SOURCE } from "./case.js";

type Rows = readonly (readonly number[])[];

/** A layer of numbers in, numbers out, and the rows that it is given. All rows have one length. */
interface EdgeLayer {
  readonly layer: (inputSize: number) => LayerSpec;
  readonly rows: Rows;
  /** Rows with what is no number an engine has to get right where it loses NaN. */
  readonly infinite?: Rows;
}

/** Past where e to the x overflows in float32, and where it vanishes; and in half of it. */
const sweep: Rows = [
  [0, -0, 0.5, -0.5, 1e-4, -1e-4],
  [8, -8, 11, -11, 12, -12],
  [16, -16, 30, -30, 45, -45],
  [87, -87, 88.5, -88.5, 90, -90],
  [103, -103, 105, -105, 120, -120],
  [500, -500, 1000, -1000, 20000, -20000],
];
const infinite: Rows = [[Infinity, -Infinity, 1, -1, 0, 2]];

const elements = (name: Activation): EdgeLayer => ({
  layer: () => activation({ name: "at", input: "x", activation: name }),
  rows: sweep,
  infinite,
});

/** Rows whose largest is large, far from the rest, repeated, or far below zero. */
const peaks: Rows = [
  [0, 0, 0, 0],
  [100, 99, 98, 0],
  [1000, 999, 998.5, -1000],
  [-100, -101, -102.5, -100],
  [-1000, -1001, -1000.5, -2000],
  [88, 88, 88, 88],
  [0, -90, -100, -110],
  [12, 12, -12, -12],
  [20000, 19999, 0, -20000],
];

const alongRows = (name: "softmax" | "logSoftmax"): EdgeLayer => ({
  layer: () => activation({ name: "at", input: "x", activation: name }),
  rows: peaks,
  infinite: [[1, -Infinity, 0, -Infinity]],
});

/** Rows whose mean is far from their spread, that don't spread at all, or are tiny. */
const offsets: Rows = [
  [1, 2, 3, 4, 5, 6],
  [100, 101, 102, 103, 104, 105],
  [-250, -250.5, -251, -249.5, -249, -250],
  [1024, 1025, 1026, 1027, 1024, 1025],
  [7, 7, 7, 7, 7, 7],
  [0, 0, 0, 0, 0, 0],
  [1e-3, -1e-3, 2e-3, -2e-3, 0, 1e-3],
  [100, -100, 100, -100, 100, -100],
];

/**
 * Every layer that computes numbers of numbers alone, where its usual formula loses them: by type, so that a
 * new activation without does not compile.
 */
const edgeLayers: Readonly<
  Record<
    Activation | "softmax" | "logSoftmax" | "layerNorm" | "attention" | "batchNorm" | "groupNorm" | "rmsNorm",
    EdgeLayer
  >
> = {
  linear: elements("linear"),
  tanh: elements("tanh"),
  sigmoid: elements("sigmoid"),
  relu: elements("relu"),
  hardSigmoidSixth: elements("hardSigmoidSixth"),
  hardSigmoidFifth: elements("hardSigmoidFifth"),
  softsign: elements("softsign"),
  softplus: elements("softplus"),
  elu: elements("elu"),
  leakyRelu: elements("leakyRelu"),
  softmax: alongRows("softmax"),
  logSoftmax: alongRows("logSoftmax"),
  layerNorm: {
    layer: (inputSize) => layerNorm({ name: "at", input: "x", inputSize, epsilon: 1e-3 }),
    rows: offsets,
  },
  batchNorm: {
    layer: (inputSize) => batchNorm({ name: "at", input: "x", inputSize, epsilon: 1e-3 }),
    rows: offsets,
  },
  groupNorm: {
    layer: (inputSize) => groupNorm({ name: "at", input: "x", inputSize, groups: 2, epsilon: 1e-3 }),
    rows: offsets,
  },
  rmsNorm: {
    layer: (inputSize) => rmsNorm({ name: "at", input: "x", inputSize, epsilon: 1e-3 }),
    // Its sum of squares is of the numbers themselves, and 16 bits hold none above 65,504.
    rows: offsets.filter((row) => row.every((x) => Math.abs(x) <= 105)),
  },
  attention: {
    // Of a row with itself: scores grow with its square.
    layer: (inputSize) => attention({ name: "at", query: "x", value: SOURCE, inputSize, score: "dot" }),
    rows: peaks.filter((row) => row.every((x) => Math.abs(x) <= 100)),
  },
};

export type EdgeLayerName = keyof typeof edgeLayers;

/** The layers that have edges. */
export const edgeLayerNames = Object.keys(edgeLayers) as EdgeLayerName[];

/** How a layer is run: over a sequence, or one step of it. */
export type EdgeMode = "sequence" | "step";

/**
 * A layer at its edges, as a program; each row is a step of a sequence, or a row of a batch.
 *
 * @param finite whether infinities are left out
 */
export function layerEdgeProgram(name: EdgeLayerName, mode: EdgeMode, finite: boolean): GivenProgram {
  const { layer, rows: usual, infinite: others = [] } = edgeLayers[name];
  const rows = finite ? usual : [...usual, ...others];
  const width = rows[0]!.length;
  const looks = name === "attention";
  const own = spec({
    name: `${name} at its edges`,
    inputs: [
      input({ name: "x", shape: [width] }),
      ...(looks ? [input({ name: SOURCE, axis: SOURCE, shape: [width] })] : []),
    ],
    layers: [layer(width)],
  });
  const steps = mode === "sequence" ? [rows.length, 1] : [rows.length];
  // Each row looks at others, and at itself.
  const memory = mode === "sequence" ? rows : rows.flatMap((row, k) => [row, rows[rows.length - 1 - k]!]);
  const along = mode === "sequence" ? [rows.length, 1] : [rows.length, 2];
  const numbers = (of: Rows): Float32Array => Float32Array.from(of.flat());
  return {
    program: lower(own, { mode }),
    feeds: {
      x: tensor(numbers(rows), [...steps, width]),
      ...(looks && { [SOURCE]: tensor(numbers(memory), [...along, width]) }),
    },
    weights: weightsOf(own, { seed: 3, fine: false }, 1),
  };
}
