import type { Activation, BiasForm, CellSpec, LayerSpec, ReduceTimeSpec } from "@unroll/api";
import type { customCells } from "./custom-cells.js";

/** What a recurrent layer of a drawn spec is, and what follows it. */
export interface LayerChoice {
  readonly kind: CellSpec["kind"];
  readonly units: number;
  readonly activation: Activation;
  readonly recurrentActivation: Activation;
  readonly outputActivation: Activation;
  readonly custom: keyof typeof customCells;
  readonly bias: BiasForm;
  readonly resetAfter: boolean;
  readonly projection: number | null;
  readonly peepholes: boolean;
  readonly cellClip: number | null;
  readonly form: "forward" | "backward" | "bidirectional";
  readonly merge: "concat" | "sum" | "ave" | "mul" | "none";
  readonly outputOrder: "time" | "processing";
  readonly maskedOutput: "zero" | "hold";
  readonly heldStart: "zeros" | "initialState";
  readonly after: "nothing" | "residual" | Following;
  readonly reduction: ReduceTimeSpec["mode"];
}

/** Layers that have a place of their own in a drawn spec. Every other one may follow a recurrent layer. */
type Placed =
  | "recurrent"
  | "bidirectional"
  | "embedding"
  | "merge"
  | "attention"
  | "multiHeadAttention"
  | "positionalEncoding"
  | "repeat"
  | "oneHot"
  | "reduceTime"
  | "pickStep"
  | "toSequence"
  | "padTime"
  | "cropTime"
  | "upsampleTime"
  | "concatTime"
  | "transposedConvolution"
  | "crf";

/** Layers that may follow a recurrent one. */
export type Following = Exclude<LayerSpec["type"], Placed>;
