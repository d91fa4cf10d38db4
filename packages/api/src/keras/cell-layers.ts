import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { snake } from "../dialects/keras/rules.js";
import {
  gruCell as gruSpec,
  lstmCell as lstmSpec,
  simpleRnnCell as simpleRnnSpec,
} from "../specification/build.js";
import { noteCell } from "../layers/built.js";
import { customDefinition, type CustomCellSpec } from "../layers/custom.js";
import type { CellDefinition } from "../layers/definition.js";
import type { CellSpec } from "../specification/types.js";
import { cellActivation } from "./options.js";
import { layerOptions, type TrainingOptions } from "./training-options.js";

/** Options of every cell, with Keras 3's defaults. */
export interface CellOptions extends TrainingOptions {
  /** Size of the state and of the output. */
  readonly units: number;
  /** Of the candidate, as Keras names it. Default `tanh`; null is linear. */
  readonly activation?: string | null;
  /** Whether biases are added. Default true. */
  readonly useBias?: boolean;
  /** Name in the paths of weights. Default: its kind, numbered among the cells of a stack. */
  readonly name?: string;
  /** Share of inputs that training drops; without effect here. */
  readonly dropout?: number;
  /** Share of the state that training drops; without effect here. */
  readonly recurrentDropout?: number;
}

/** Options of `layers.lstmCell`. */
export interface LstmCellOptions extends CellOptions {
  /** Of the gates, as Keras names it. Default `sigmoid`; `hard_sigmoid` is Keras 3's, clip(x/6 + 1/2). */
  readonly recurrentActivation?: string | null;
}

/** Options of `layers.gruCell`. */
export interface GruCellOptions extends LstmCellOptions {
  /** Whether the reset gate acts after the product with h. Default true, with two rows of bias. */
  readonly resetAfter?: boolean;
}

const common: readonly string[] = ["units", "activation", "useBias", "dropout", "recurrentDropout"];
const gated: readonly string[] = [...common, "recurrentActivation"];

/** Names of the options of each kind of cell, `name` apart. */
export const cellOptions = { simpleRnn: common, lstm: gated, gru: [...gated, "resetAfter"] } as const;

/** A cell for `layers.rnn`: of Keras's own kinds, or by its own equations. */
export class Cell {
  /** @internal */
  constructor(
    /** Keras's name of the kind, e.g. `lstm_cell`. */
    readonly kind: string,
    /** Name in the paths of weights; null where it is numbered. */
    readonly name: string | null,
    /** @internal The cell for inputs of a size. */
    readonly make: (inputSize: number) => CellSpec,
    /** @internal The cell for inputs of some size, which its state and output do not depend on. */
    readonly form: CellSpec,
    /** @internal The options it was made with. */
    readonly given: Readonly<Record<string, unknown>>,
    /** @internal The user's class that it is of; null where it is Keras's, or a program. */
    readonly className: string | null = null,
  ) {}

  /** A cell of the core in a Keras layer. */
  static of(spec: CustomCellSpec): Cell {
    // One that came as JSON was made by no builder here.
    noteCell(customDefinition as unknown as CellDefinition);
    const kind = snake(spec.name);
    return new Cell(
      kind,
      null,
      (inputSize) => {
        if (inputSize !== spec.inputSize)
          throw unrollError({
            code: "UNROLL_SHAPE",
            place: `cell "${spec.name}"`,
            expected: `an input of ${spec.inputSize} features`,
            got: `${inputSize}`,
            cure: "make the cell for that size",
            details: { expected: spec.inputSize, got: inputSize },
          });
        return spec;
      },
      spec,
      spec as unknown as Readonly<Record<string, unknown>>,
    );
  }
}

function known(
  kind: string,
  options: CellOptions,
  allowed: readonly string[],
  make: (inputSize: number) => CellSpec,
): Cell {
  layerOptions(kind, options, allowed);
  if (!Number.isInteger(options.units) || options.units < 1)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: kind,
      expected: "units as a whole number of at least 1",
      got: shown(options.units),
      cure: "units counts the features of the output",
      details: { units: options.units },
    });
  const given = options as unknown as Readonly<Record<string, unknown>>;
  return new Cell(kind, options.name ?? null, make, make(1), given);
}

const squash = (kind: string, o: CellOptions): ReturnType<typeof cellActivation> =>
  cellActivation(kind, o.activation === undefined ? "tanh" : o.activation);
const gates = (kind: string, o: LstmCellOptions): ReturnType<typeof cellActivation> =>
  cellActivation(kind, o.recurrentActivation === undefined ? "sigmoid" : o.recurrentActivation);
const bias = (o: CellOptions, otherwise: "single" | "split" = "single"): "none" | "single" | "split" =>
  o.useBias === false ? "none" : otherwise;

/** A cell that a layer of another kind names in its errors. */
export interface Naming {
  readonly kind?: string;
}

export function simpleRnnCell(o: CellOptions, { kind = "simple_rnn_cell" }: Naming = {}): Cell {
  return known(kind, o, cellOptions.simpleRnn, (inputSize) =>
    simpleRnnSpec({ inputSize, units: o.units, activation: squash(kind, o), bias: bias(o) }),
  );
}

export function lstmCell(o: LstmCellOptions, { kind = "lstm_cell" }: Naming = {}): Cell {
  return known(kind, o, cellOptions.lstm, (inputSize) =>
    lstmSpec({
      inputSize,
      units: o.units,
      activation: squash(kind, o),
      recurrentActivation: gates(kind, o),
      bias: bias(o),
    }),
  );
}

export function gruCell(o: GruCellOptions, { kind = "gru_cell" }: Naming = {}): Cell {
  const resetAfter = o.resetAfter ?? true;
  return known(kind, o, cellOptions.gru, (inputSize) =>
    gruSpec({
      inputSize,
      units: o.units,
      activation: squash(kind, o),
      recurrentActivation: gates(kind, o),
      resetAfter,
      bias: bias(o, resetAfter ? "split" : "single"),
    }),
  );
}

/** Several cells as one: within a step, the output of each is the input of the next. */
export class StackedCells {
  /** The cells in order; the first reads the input, the last gives the output. */
  readonly cells: readonly Cell[];

  /** @internal Made by `stackedRnnCells`. */
  constructor(cells: readonly (Cell | CustomCellSpec)[]) {
    if (!Array.isArray(cells))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "stacked_rnn_cells",
        expected: "cells as a list",
        got: kindOf(cells),
        cure: "e.g. stackedRnnCells([lstmCell(8), gruCell(8)])",
      });
    if (cells.length === 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "stacked_rnn_cells",
        expected: "cells",
        got: "none",
        cure: "give at least one",
      });
    this.cells = cells.map(cellOf);
  }
}

/** @internal A cell of either kind. @throws UNROLL_ARGUMENT for anything else */
export function cellOf(given: Cell | CustomCellSpec): Cell {
  if (given instanceof Cell) return given;
  if ((given as CustomCellSpec | null)?.kind === "custom") return Cell.of(given);
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "rnn",
    expected: "a cell",
    got: kindOf(given),
    cure: "make it with layers.lstmCell, gruCell, simpleRnnCell or customCell",
  });
}
