import {
  activation,
  attention,
  type AttentionSpec,
  dense,
  gruCell,
  type LayerSpec,
  merge,
  multiHeadAttention,
  positionalEncoding,
  recurrent,
} from "@unroll/api";
import { SOURCE } from "./case.js";
import { readingCell } from "./custom-cells.js";

/** How a memory is looked at. */
export interface AttentionChoice extends Pick<
  AttentionSpec,
  "score" | "scale" | "innerScale" | "causal" | "emptyRows"
> {
  /** Whether a layer looks at the memory, one of several heads, or a cell at each of its steps. */
  readonly by: "layer" | "heads" | "cell";
  /** Size of the memory's vectors. */
  readonly size: number;
  /** What the memory goes through before it is looked at. */
  readonly encoder: "none" | "forward" | "backward";
  /** Whether keys are the memory itself where sizes allow it, or always made of it. */
  readonly ownKeys: boolean;
  /** Whether heads look at the sequence that they are on rather than at the memory. */
  readonly self: boolean;
  /** How many steps a sequence that looks at itself sees of those before; null for all of them. */
  readonly window: number | null;
  /** Whether the weights are put out. */
  readonly shown: boolean;
}

/** The longest window of a case. */
export const MOST_WINDOW = 4;

/** Name of the layer that reads the memory before it is looked at. */
export const ENCODER = "encoder";

/** The memory, or the layer that reads it before it is looked at. */
function memoryOf({ size, encoder }: AttentionChoice): readonly [layers: LayerSpec[], value: string] {
  if (encoder === "none") return [[], SOURCE];
  const cell = gruCell({ inputSize: size, units: size });
  return [[recurrent({ name: ENCODER, input: SOURCE, cell, direction: encoder })], ENCODER];
}

/** How a layer compares, with no option that its score can't have. */
export const scoringOf = ({ score, scale, innerScale, emptyRows }: AttentionChoice) =>
  ({
    score,
    scoreSize: score === "concat" ? 2 : null,
    innerScale: score === "additive" ? innerScale : "none",
    scale: score === "concat" ? "none" : scale === "vector" && score !== "additive" ? "scalar" : scale,
    emptyRows,
  }) as const;

/** Layers by which values `at` of some size look at the memory, then joined with what they see. */
export function attending(at: string, size: number, choice: AttentionChoice): LayerSpec[] {
  const { score, size: memory, ownKeys } = choice;
  const [layers, value] = memoryOf(choice);
  const weighs = score === "general" || score === "concat";
  const key = ownKeys || (memory !== size && !weighs) ? "keys" : value;
  return [
    ...layers,
    ...(key === "keys" ? [dense({ name: "keys", input: value, inputSize: memory, units: size })] : []),
    attention({
      name: "look",
      query: at,
      key,
      value,
      inputSize: size,
      keySize: key === "keys" ? size : memory,
      ...scoringOf(choice),
    }),
    merge({ name: "seen", inputs: [at, "look"], mode: "concat" }),
  ];
}

/** How heads look, of numbers that are drawn for something else. */
const headsOf = ({ score, scale, causal, emptyRows }: AttentionChoice) =>
  ({
    heads: scale === "none" ? 1 : 2,
    headSize: score === "dot" ? 1 : 2,
    valueHeadSize: score === "additive" ? 3 : 2,
    bias: score === "concat" ? "none" : "single",
    causal,
    emptyRows,
  }) as const;

/** Layers by which heads look from values `at` of some size at the memory, or at those themselves. */
export function attendingByHeads(
  at: string,
  size: number,
  choice: AttentionChoice,
  self: boolean,
): LayerSpec[] {
  const placed = positionalEncoding({ name: "placed", input: at, inputSize: size });
  const window = self ? choice.window : null;
  // A window is stepped over, and so far nothing counts the steps of that.
  const own: readonly [LayerSpec[], string] = window === null ? [[placed], placed.name] : [[], at];
  const [layers, value] = self ? own : memoryOf(choice);
  const sizes = { inputSize: size, keySize: self ? size : choice.size };
  return [
    ...layers,
    multiHeadAttention({
      name: self ? SELF : "look",
      query: self ? value : at,
      value,
      ...sizes,
      ...headsOf(choice),
      causal: self && (choice.causal || window !== null),
      window,
    }),
  ];
}

/** Name of the layer by which a sequence looks at itself. */
export const SELF = "self";

/** Name of the layer whose cell looks at the memory. */
export const READER = "reader";

/**
 * Layers by which a cell looks at the memory, and at what the values `at` become otherwise, at every step
 * over them.
 */
export function reading(at: string, size: number, choice: AttentionChoice): LayerSpec[] {
  const [layers, memory] = memoryOf(choice);
  const started = choice.encoder !== "none";
  const cell = readingCell(size, choice.size, started);
  const again = activation({ name: "turned", input: at, activation: "softsign" });
  const reads = { memory, again: again.name, ...(started && { start: `${ENCODER}.h` }) };
  return [...layers, again, recurrent({ name: READER, input: at, cell, reads })];
}
