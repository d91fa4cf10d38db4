import {
  attention,
  batchNorm,
  bidirectional,
  type CellSpec,
  dense,
  embedding,
  groupNorm,
  gruCell,
  type HostTensor,
  input,
  layerNorm,
  type LayerSpec,
  lstmCell,
  recurrent,
  rmsNorm,
  simpleRnnCell,
  spec,
  type Spec,
} from "@unroll/api";
import { type Case, SOURCE } from "./case.js";
import { caseOn, weightsOf } from "./cases.js";
import { values } from "./values.js";

/** A model of one size that an engine may treat in its own way, and how it is run. */
export interface SizeCase {
  readonly axis: SizeAxis;
  readonly size: number;
  readonly seed: number;
}

/** Around the widths of vectors, tiles and blocks. */
const around = (...sizes: readonly number[]): number[] => sizes.flatMap((size) => [size - 1, size, size + 1]);

interface Shape {
  readonly layers: readonly LayerSpec[];
  /** Features of the input; none for ids. */
  readonly features: number | null;
  readonly batch: number;
  readonly time: number;
  /** Rows of the table that ids look into. */
  readonly rows?: number;
  /** Steps of a memory that the model looks at. */
  readonly memory?: { readonly time: number; readonly features: number };
}

/** A cell of each kind, by turns. */
const cells: readonly ((inputSize: number, units: number) => CellSpec)[] = [
  (inputSize, units) => lstmCell({ inputSize, units }),
  (inputSize, units) => gruCell({ inputSize, units }),
  (inputSize, units) => gruCell({ inputSize, units, resetAfter: false, bias: "single" }),
  (inputSize, units) => simpleRnnCell({ inputSize, units }),
  (inputSize, units) => lstmCell({ inputSize, units, peepholes: true }),
  (inputSize, units) => lstmCell({ inputSize, units, projection: Math.max(1, units >> 1), bias: "split" }),
];
const cellOf = (turn: number, inputSize: number, units: number): CellSpec =>
  cells[turn % cells.length]!(inputSize, units);
const outputOf = (cell: CellSpec): number => (cell.kind === "lstm" && cell.projection) || cell.units;

const one = (cell: CellSpec, options: Partial<Parameters<typeof recurrent>[0]> = {}): LayerSpec =>
  recurrent({ name: "layer0", input: "x", cell, ...options });

/** A normalisation of each kind, by turns. */
const norms: readonly ((size: number) => LayerSpec)[] = [
  (size) => layerNorm({ name: "norm", input: "x", inputSize: size }),
  (size) => rmsNorm({ name: "norm", input: "x", inputSize: size }),
  (size) => layerNorm({ name: "norm", input: "x", inputSize: size, scale: false }),
  (size) => batchNorm({ name: "norm", input: "x", inputSize: size, epsilon: 1e-3 }),
  (size) => groupNorm({ name: "norm", input: "x", inputSize: size, groups: size % 2 === 0 ? 2 : 1 }),
];
const normOf = (turn: number, size: number): LayerSpec => norms[turn % norms.length]!(size);

/** Each axis along which models grow: its sizes, and a model of one, `turn` choosing among kinds. */
const axes = {
  units: {
    sizes: [...around(4, 8, 16, 32, 64), 128, 129, 256, 512],
    shape: (size, turn) => ({ layers: [one(cellOf(turn, 3, size))], features: 3, batch: 2, time: 2 }),
  },
  inputs: {
    sizes: [...around(8, 16, 32, 64), 128, 129, 256, 513, 1024],
    shape: (size, turn) => ({ layers: [one(cellOf(turn, size, 3))], features: size, batch: 2, time: 2 }),
  },
  batch: {
    sizes: [...around(4, 8, 16, 32), 40],
    shape: (size, turn) => ({ layers: [one(cellOf(turn, 3, 5))], features: 3, batch: size, time: 3 }),
  },
  time: {
    sizes: [...around(16, 32, 64, 128), 255, 257, 512, 1025, 1100],
    shape: (size, turn) => ({
      layers: [one(cellOf(turn, 1, 2), { direction: turn % 3 === 0 ? "backward" : "forward" })],
      features: 1,
      batch: 1 + (turn % 2),
      time: size,
    }),
  },
  vocabulary: {
    sizes: [2, ...around(32, 128, 256), 65_535, 65_537, 70_000],
    shape: (size, turn) => ({
      layers: [
        embedding({ name: "table", input: "x", inputSize: size, outputSize: 2 }),
        recurrent({ name: "layer0", input: "table", cell: cellOf(turn, 2, 3) }),
      ],
      features: null,
      batch: 2,
      time: 4,
      rows: size,
    }),
  },
  "embedding width": {
    sizes: [1, ...around(8, 16, 64), 128, 257],
    shape: (size) => ({
      layers: [
        embedding({ name: "table", input: "x", inputSize: 11, outputSize: size }),
        dense({ name: "out", input: "table", inputSize: size, units: 2 }),
      ],
      features: null,
      batch: 3,
      time: 2,
      rows: 11,
    }),
  },
  "softmax width": {
    sizes: [1, ...around(8, 16, 64, 128), 257, 1000],
    shape: (size, turn) => ({
      layers: [
        dense({
          name: "out",
          input: "x",
          inputSize: 5,
          units: size,
          activation: turn % 2 === 0 ? "softmax" : "logSoftmax",
        }),
      ],
      features: 5,
      batch: 3,
      time: 2,
    }),
  },
  terms: {
    sizes: [...around(64, 128), 512, 1023, 2048],
    shape: (size) => ({
      layers: [dense({ name: "out", input: "x", inputSize: size, units: 3, activation: "tanh" })],
      features: size,
      batch: 2,
      time: 2,
    }),
  },
  depth: {
    sizes: [2, 3, 4, 5],
    shape: (size, turn) => {
      const stack: LayerSpec[] = [];
      for (let level = 0, features = 3; level < size; level++) {
        const cell = cellOf(turn + level, features, 4);
        const from = level === 0 ? "x" : `layer${level - 1}`;
        stack.push(recurrent({ name: `layer${level}`, input: from, cell }));
        features = outputOf(cell);
      }
      return { layers: stack, features: 3, batch: 2, time: 4 };
    },
  },
  directions: {
    sizes: [...around(8, 16, 32), 64, 65],
    shape: (size, turn) => ({
      layers: [
        bidirectional({
          name: "layer0",
          input: "x",
          forward: cellOf(turn, 3, size),
          backward: cellOf(turn + 1, 3, size + (turn % 2)),
        }),
      ],
      features: 3,
      batch: 2,
      time: 3,
    }),
  },
  memory: {
    sizes: [...around(8, 16, 64), 128],
    shape: (size, turn) => ({
      layers: [
        attention({
          name: "look",
          query: "x",
          value: SOURCE,
          inputSize: 4,
          score: (["dot", "scaledDot", "additive"] as const)[turn % 3]!,
        }),
      ],
      features: 4,
      batch: 2,
      time: 2,
      memory: { time: size, features: 4 },
    }),
  },
  "norm width": {
    sizes: [2, ...around(8, 16, 64), 257],
    shape: (size, turn) => ({
      layers: [normOf(turn, size)],
      features: size,
      batch: 2,
      time: 2,
    }),
  },
} as const satisfies Readonly<
  Record<string, { readonly sizes: readonly number[]; shape(size: number, turn: number): Shape }>
>;

export type SizeAxis = keyof typeof axes;

/** Every size of every axis. */
export const sizeCases: readonly Pick<SizeCase, "axis" | "size">[] = (
  Object.entries(axes) as [SizeAxis, { readonly sizes: readonly number[] }][]
).flatMap(([axis, { sizes }]) => sizes.map((size) => ({ axis, size })));

function specOf({ layers, features, memory }: Shape): Spec {
  const own =
    features === null
      ? input({ name: "x", dtype: "int32", shape: [] })
      : input({ name: "x", shape: [features] });
  const source = memory && input({ name: SOURCE, axis: SOURCE, shape: [memory.features] });
  return spec({ name: "case", inputs: source ? [own, source] : [own], layers });
}

/** Ids over the whole table, its last row and its first among them. */
function idsOf(x: HostTensor, rows: number): HostTensor {
  const spread = x.data.map((_, k) => Math.floor((((k * 2654435761) % 4294967296) / 4294967296) * rows));
  spread[0] = rows - 1;
  spread[spread.length - 1] = 0;
  return { ...x, data: Int32Array.from(spread) } as HostTensor;
}

/** The case of a size. */
export function sizeCase({ axis, size, seed }: SizeCase): Case {
  const turn = seed + size;
  const shape: Shape = axes[axis].shape(size, turn);
  const [own, drawn] = [specOf(shape), { seed, fine: true }];
  // Every step of a long sequence counts.
  const extent = axis === "time" ? "none" : turn % 4 === 1 ? "lengths" : turn % 8 === 3 ? "mask" : "none";
  const weights = weightsOf(own, drawn, 1);
  const given = caseOn({ spec: own, weights }, { ...shape, seed, extent });
  return {
    ...given,
    x: shape.rows === undefined ? given.x : idsOf(given.x, shape.rows),
    memory: shape.memory
      ? {
          time: shape.memory.time,
          x: values(drawn, SOURCE, [shape.batch, shape.memory.time, shape.memory.features]),
          lengths:
            extent === "lengths" ? Array.from({ length: shape.batch }, () => shape.memory!.time - 1) : null,
          mask: null,
        }
      : null,
  };
}
