import { peepholeGates } from "../contract/gates.js";
import { unrollError } from "../contract/error.js";
import { gatesOf, outputSize } from "../specification/cell-parts.js";
import type { CustomCellSpec, KnownCellSpec } from "../specification/types.js";

/** One tensor of a foreign file, or one row of it. */
export interface ForeignPart {
  /** Name in the file. */
  readonly key: string;
  /** Shape of the whole foreign tensor. */
  readonly shape: readonly number[];
  /** Which row of the first axis, where one foreign tensor holds several weights; null for all of it. */
  readonly row: number | null;
  /** First element, where the weights that one foreign tensor holds differ in size. */
  readonly offset?: number;
}

/**
 * Says that foreign tensors hold canonical weights. One for one they are copied. Two biases facing one are
 * summed, which is reported as a loss; one facing two becomes the first, beside zeros.
 */
export interface WeightRule {
  readonly layer: string;
  readonly foreign: readonly ForeignPart[];
  /** Canonical names, see `spec/weights.ts`. */
  readonly canonical: readonly string[];
  /** Canonical shape: [rows, columns], [columns], or [] for one number. */
  readonly shape: readonly number[];
  /** Whether the foreign matrix is [columns, rows]. */
  readonly transposed: boolean;
  /** Ours as the foreign tensor has them, of a weight without gates whose axes are in another order. */
  readonly axes?: readonly number[] | undefined;
  /** Foreign gate k is ours number `gates[k]`; gates lie side by side along the columns. */
  readonly gates: readonly number[];
  /** Gates of the canonical weight, where the foreign tensor holds only some of them. */
  readonly ofGates?: number;
  /** What the framework adds to one of our gates when it runs: ours is the stored value and that. */
  readonly added?: { readonly gate: number; readonly value: number };
  /** Column from which two biases can't be summed, as a reset gate multiplies one of them. Null: all can. */
  readonly unsummableFrom: number | null;
}

/** Order of gates in a foreign weight, by our gate names. */
export interface GateOrder {
  readonly lstm: readonly string[];
  readonly gru: readonly string[];
  readonly simpleRnn: readonly string[];
}

/** How a dialect stores a cell. */
export interface CellDialect {
  readonly order: GateOrder;
  readonly transposed: boolean;
  /** The foreign names of what follows; `biases` has one entry or two, or none when the cell has no bias. */
  readonly kernel: ForeignName;
  readonly recurrentKernel: ForeignName;
  readonly biases: readonly ForeignName[];
  /** Whether two biases are rows of one tensor, named by the first entry. */
  readonly stackedBiases: boolean;
  /** Name of the weights that project h; null where the dialect has none. */
  readonly projection: ForeignName | null;
  /**
   * Name of the weights by which gates see the cell state, and their order; null where the dialect has none.
   */
  readonly peephole: { readonly key: ForeignName; readonly order: readonly string[] } | null;
  /** For the error that refuses what it has no place for. */
  readonly framework: string;
}

type ForeignName = string;

/** The rules of one cell. `prefix` is canonical: `encoder` or `encoder.forward`. */
export function cellRules(
  layer: string,
  prefix: string,
  cell: KnownCellSpec,
  dialect: CellDialect,
): WeightRule[] {
  const ours = gatesOf(cell);
  const gates = dialect.order[cell.kind].map((gate) => ours.indexOf(gate));
  const columns = gates.length * cell.units;
  const matrix = (key: string, name: string, rows: number): WeightRule => ({
    layer,
    canonical: [`${prefix}.${name}`],
    shape: [rows, columns],
    transposed: dialect.transposed,
    gates,
    unsummableFrom: null,
    foreign: [{ key, shape: dialect.transposed ? [columns, rows] : [rows, columns], row: null }],
  });
  const rules = [
    matrix(dialect.kernel, "kernel", cell.inputSize),
    matrix(dialect.recurrentKernel, "recurrentKernel", outputSize(cell)),
  ];
  const extras = extraRules(layer, prefix, cell, dialect);
  if (cell.bias === "none") return [...rules, ...extras];

  const foreign = dialect.biases.map((key, row): ForeignPart =>
    dialect.stackedBiases
      ? { key: dialect.biases[0]!, shape: [dialect.biases.length, columns], row }
      : { key, shape: [columns], row: null },
  );
  const canonical = (cell.bias === "single" ? ["bias"] : ["inputBias", "recurrentBias"]).map(
    (name) => `${prefix}.${name}`,
  );
  const common = {
    layer,
    shape: [columns],
    transposed: false,
    gates,
    unsummableFrom: cell.kind === "gru" && cell.resetAfter ? 2 * cell.units : null,
  };
  return [
    ...rules,
    ...(foreign.length === canonical.length
      ? foreign.map((part, k) => ({ ...common, foreign: [part], canonical: [canonical[k]!] }))
      : [{ ...common, foreign, canonical }]),
    ...extras,
  ];
}

/**
 * Projection, peepholes and clipping of an LSTM. @throws UNROLL_UNSUPPORTED where the dialect has no place
 * for them
 */
function extraRules(
  layer: string,
  prefix: string,
  cell: KnownCellSpec,
  { projection, peephole, transposed, framework }: CellDialect,
): WeightRule[] {
  if (cell.kind !== "lstm") return [];
  const refuse = (what: string): never => {
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `${framework} weights of lstm "${layer}"`,
      expected: `no ${what}`,
      got: "some",
      cure: `${framework} has no such LSTM`,
      details: { layer },
    });
  };
  if (cell.cellClip !== null) refuse("cellClip");
  const rules: WeightRule[] = [];
  if (cell.peepholes) {
    const { key, order } = peephole ?? refuse("peepholes");
    const shape = [3 * cell.units];
    rules.push({
      layer,
      canonical: [`${prefix}.peephole`],
      shape,
      transposed: false,
      gates: order.map((gate) => peepholeGates.indexOf(gate)),
      unsummableFrom: null,
      foreign: [{ key, shape, row: null }],
    });
  }
  if (cell.projection !== null) {
    const shape = [cell.units, cell.projection];
    const key = projection ?? refuse("projection");
    rules.push({
      layer,
      canonical: [`${prefix}.projectionKernel`],
      shape,
      transposed,
      gates: [0],
      unsummableFrom: null,
      foreign: [{ key, shape: transposed ? [...shape].reverse() : shape, row: null }],
    });
  }
  return rules;
}

/**
 * The rules of a custom cell, whose weights keep their layout. `key` gives the name of each in the framework.
 */
export function customRules(
  layer: string,
  prefix: string,
  cell: CustomCellSpec,
  key: (name: string) => string,
): WeightRule[] {
  return Object.entries(cell.weights).map(([name, shape]) => ({
    ...plainRule(layer, name, key(name), shape),
    canonical: [`${prefix}.${name}`],
  }));
}

/** The rule of a weight without gates, whose axes are `axes` of ours in the framework. */
export function plainRule(
  layer: string,
  name: string,
  key: string,
  shape: readonly number[],
  axes?: readonly number[],
): WeightRule {
  return {
    layer,
    canonical: [`${layer}.${name}`],
    shape,
    transposed: false,
    axes,
    gates: [0],
    unsummableFrom: null,
    foreign: [{ key, shape: axes ? axes.map((axis) => shape[axis]!) : shape, row: null }],
  };
}
