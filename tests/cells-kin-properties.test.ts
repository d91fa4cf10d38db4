import {
  bidirectional,
  builtin,
  type CustomCellSpec,
  dense,
  input,
  type LayerSpec,
  recurrent,
  spec,
  specState,
  specWeights,
  tensor,
  type HostTensor,
} from "@unroll/api";
import * as cells from "@unroll/api/cells";
import {
  type Case,
  describeCase,
  generator,
  namedProperties,
  type Property,
  type PropertyName,
} from "@unroll/conformance";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs, seed } from "../conformance/test/settings.js";

/** Every named cell with an input of 4, in its forms. */
const named: Readonly<Record<string, CustomCellSpec>> = {
  coupledGateLstm: cells.coupledGateLstmCell({ inputSize: 4, units: 5 }),
  indRnn: cells.indRnnCell({ inputSize: 4, units: 5, activation: "tanh" }),
  sru: cells.sruCell({ inputSize: 4 }),
  "sru of 2017": cells.sruCell({ inputSize: 4, units: 3, stateInGates: false, activation: "tanh" }),
  "qrnn f": cells.qrnnPoolingCell({ units: 2, pooling: "f" }),
  "qrnn ifo": cells.qrnnPoolingCell({ units: 1, pooling: "ifo" }),
  minGru: cells.minGruCell({ inputSize: 4, units: 3, candidate: "positive" }),
  minLstm: cells.minLstmCell({ inputSize: 4, units: 3 }),
  nestedLstm: cells.nestedLstmCell({ inputSize: 4, units: 3 }),
  phasedLstm: cells.phasedLstmCell({ inputSize: 4, units: 3 }),
  sLstm: cells.sLstmCell({ inputSize: 4, units: 6, heads: 2 }),
  mLstm: cells.mLstmCell({ inputSize: 4, units: 6, heads: 2 }),
  lru: cells.lruCell({ inputSize: 4, states: 3 }),
  diagonalStateSpace: cells.diagonalStateSpaceCell({ inputSize: 4, states: 2 }),
  selectiveScan: cells.selectiveScanCell({ inputSize: 4, states: 3, rank: 2 }),
  mamba: cells.mambaCell({ inputSize: 4, innerSize: 6, states: 2, rank: 1, width: 3 }),
  rwkvTimeMixing: cells.rwkvTimeMixingCell({ inputSize: 4, attentionSize: 3 }),
  rwkvChannelMixing: cells.rwkvChannelMixingCell({ inputSize: 4, innerSize: 3 }),
  "convLstm 1d": cells.convLstmCell({ shape: [4], channels: 1, filters: 2, kernelSize: 3, padding: "same" }),
  "convLstm 2d": cells.convLstmCell({ shape: [2, 2], channels: 1, filters: 2, kernelSize: [2, 1] }),
  window: cells.windowCell({ inputSize: 4, steps: 3 }),
  residual: cells.residualCell(cells.mLstmCell({ inputSize: 4, units: 4 })),
  highway: cells.highwayCell(cells.sruCell({ inputSize: 4 }), { coupled: false }),
  zoneout: cells.zoneoutCell(cells.coupledGateLstmCell({ inputSize: 4, units: 3 }), { h: 0.1, c: 0.5 }),
};

/** Properties of one case, by what it has to be: stepped, ended by lengths, with a NaN, or as it comes. */
const asked = {
  stepped: ["oracleStep", "stepEqualsSequence", "cutAnywhere", "stateMoves", "streamsDoNotMix"],
  ended: ["paddingNeverMatters", "lengthsEqualShorter", "maskedStepKeepsState"],
  spoiled: ["nanPassesOn"],
  any: ["oracleSequence", "rowsIndependent", "permutedBatch", "repeatable", "unknownIsExpanded"],
} as const satisfies Record<string, readonly PropertyName[]>;

interface Drawn {
  readonly layer: "forward" | "backward" | "bidirectional";
  readonly returns: "sequence" | "last";
  readonly masked: "zero" | "hold";
  readonly batch: number;
  readonly time: number;
  readonly lengths: readonly number[];
  readonly cuts: readonly number[];
  readonly state: boolean;
  readonly seed: number;
}

const drawn = fc.record<Drawn>({
  layer: fc.constantFrom("forward", "backward", "bidirectional"),
  returns: fc.constantFrom("sequence", "last"),
  masked: fc.constantFrom("zero", "hold"),
  batch: fc.integer({ min: 2, max: 4 }),
  time: fc.integer({ min: 1, max: 6 }),
  lengths: fc.array(fc.nat({ max: 8 }), { minLength: 4, maxLength: 4 }),
  cuts: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
  state: fc.boolean(),
  seed: fc.nat(),
});

const KEPT_POSITIVE = /(^|\.)(n|b|period|openRatio)$/;

function caseOf(cell: CustomCellSpec, kind: keyof typeof asked, given: Drawn): Case {
  const { batch, time } = given;
  const reads = Object.keys(cell.reads);
  const layer = kind === "stepped" ? "forward" : reads.length > 0 ? "backward" : given.layer;
  const common = { name: "layer", input: "x", returns: given.returns, maskedOutput: given.masked } as const;
  const layers: LayerSpec[] = [
    ...reads.map((name) => dense({ name, input: "x", inputSize: cell.inputSize, units: 1 })),
    layer === "bidirectional"
      ? bidirectional({ ...common, forward: cell })
      : recurrent({
          ...common,
          cell,
          direction: layer,
          reads: Object.fromEntries(reads.map((name) => [name, name])),
        }),
  ];
  const model = spec({
    name: "named",
    inputs: [input({ name: "x", shape: [cell.inputSize] })],
    layers,
    outputs: ["layer"],
  });
  const random = generator(given.seed);
  const values = (name: string, shape: readonly number[], scale: number): HostTensor<"float32"> =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
        const value = (2 * random() - 1) * scale;
        return KEPT_POSITIVE.test(name) ? Math.abs(value) + 0.25 : value;
      }),
      [...shape],
    );
  const x = values("x", [batch, time, cell.inputSize], 1);
  if (kind === "spoiled") x.data[given.seed % x.data.length] = NaN;
  const state: Record<string, Record<string, HostTensor<"float32">>> = {};
  if (given.state || kind === "ended")
    for (const { layer: of, part, shape } of specState(model))
      (state[of] ??= {})[part] = values(part, [batch, ...shape], 1);
  return {
    spec: model,
    weights: Object.fromEntries(
      specWeights(model).map(({ name, shape }) => [name, values(name, shape, 0.8)]),
    ),
    batch,
    time,
    x,
    lengths: kind === "ended" ? given.lengths.slice(0, batch).map((length) => length % (time + 1)) : null,
    mask: null,
    memory: null,
    state: Object.keys(state).length > 0 ? state : null,
    cuts: [...new Set(given.cuts.map((cut) => cut % (time + 1)))].sort((a, b) => a - b),
  };
}

const kinds = Object.entries(asked) as unknown as readonly [keyof typeof asked, readonly PropertyName[]][];
const subject = { adapter: builtin(), partner: builtin({ simd: false }), alive: null, dialects: [] };

describe.each(Object.entries(named))("the cell %s on builtin", (_name, cell) => {
  it.each(kinds)("holds what cases that are %s must hold", async (kind, names) => {
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(drawn, async (given) => {
        const one = caseOf(cell, kind, given);
        for (const name of names) {
          const property = namedProperties[name] as Property<Case>;
          const { errorOverBound, skipped } = await property.check(one, subject);
          expect(errorOverBound ?? 0, `${property.id}: ${describeCase(one)}`).toBeLessThan(1);
          if (skipped === undefined) judged++;
        }
      }),
      { numRuns: Math.ceil(runs / 12), seed },
    );
    expect(judged).toBeGreaterThan(0);
  });
});
