import type { Activation } from "../layers/activations.js";
import type { Program } from "../contract/program.js";

/**
 * A recurrent model as plain JSON. Every choice of mathematics is written out: nothing is implied by the
 * framework a model came from. Make one with the builders of `spec/build.ts`, which fill in defaults, or
 * write it by hand; `validateSpec` checks either.
 */
export interface Spec {
  readonly format: "unroll.spec";
  readonly version: 1;
  /** For people: error texts. */
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  /** In order of execution: a layer reads inputs and layers before it. */
  readonly layers: readonly LayerSpec[];
  /** References of the values a run returns; see {@link ValueRef}. */
  readonly outputs: readonly ValueRef[];
}

/**
 * Names a value: an input or a layer's output by its name; a recurrent layer's final state as `layer.h`,
 * `layer.c`, or as a custom cell calls it (`layer.forward.h`, ... when bidirectional); the two outputs of a
 * bidirectional layer that does not merge as `layer.forward` and `layer.backward`; an attention layer's
 * weights as `layer.weights`, which only an output may be.
 */
export type ValueRef = string;

export interface InputSpec {
  readonly name: string;
  readonly dtype: "float32" | "int32";
  /**
   * Name of its time axis, [batch, time, ...shape], or null for one without, [batch, ...shape]. Inputs of one
   * axis have one length. `time` is the axis that steps run along; others are there whole at every step, as a
   * decoder sees its source.
   */
  readonly axis: string | null;
  /** Axes after batch and time; empty for token ids. */
  readonly shape: readonly number[];
}

/**
 * How biases are stored. `split` keeps one for the input and one for the state (torch, ONNX, Keras's GRU).
 */
export type BiasForm = "none" | "single" | "split";

export interface SimpleRnnCellSpec {
  readonly kind: "simpleRnn";
  readonly inputSize: number;
  readonly units: number;
  readonly activation: Activation;
  readonly bias: BiasForm;
}

export interface LstmCellSpec {
  readonly kind: "lstm";
  readonly inputSize: number;
  readonly units: number;
  /** Of the candidate g. */
  readonly activation: Activation;
  /** Of the gates i, f, o. */
  readonly recurrentActivation: Activation;
  /** Of the cell state on its way into h. */
  readonly outputActivation: Activation;
  /**
   * Size of h, where it is a projection of what the cell puts out (torch's `proj_size`); null where h has
   * `units`. c always has.
   */
  readonly projection: number | null;
  /**
   * Whether i and f see the cell state before the step, and o the one after it, each by a weight a unit
   * (ONNX, TensorFlow 1).
   */
  readonly peepholes: boolean;
  readonly bias: BiasForm;
}

export interface GruCellSpec {
  readonly kind: "gru";
  readonly inputSize: number;
  readonly units: number;
  /** Of the candidate n. */
  readonly activation: Activation;
  /** Of the gates z, r. */
  readonly recurrentActivation: Activation;
  /** True: the reset gate acts on h·U + bias (torch, Keras's default). False: on h before the product. */
  readonly resetAfter: boolean;
  readonly bias: BiasForm;
}

/**
 * A cell by its own equations: what one step computes, as a program. It runs on every engine by that
 * definition alone; write one with `customCell`.
 */
export interface CustomCellSpec {
  readonly kind: "custom";
  /** Of the equations: error texts, reports, paths of weights in other frameworks. */
  readonly name: string;
  readonly inputSize: number;
  /** Size of the output. */
  readonly units: number;
  /** Size of each state part, in the order in which states are listed. */
  readonly state: Readonly<Record<string, number>>;
  /** Shape of each weight. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /**
   * One step. Inputs: `x` [batch, inputSize] and every state part [batch, size]; parameters: the weights;
   * outputs: every state part after the step and `output` [batch, units]. Each row by itself: no operation
   * runs along the batch.
   */
  readonly step: Program;
}

/** A cell whose equations the library has. */
export type KnownCellSpec = SimpleRnnCellSpec | LstmCellSpec | GruCellSpec;

export type CellSpec = KnownCellSpec | CustomCellSpec;

/** Output at steps that are masked or past a row's length. */
export interface MaskingSpec {
  /** `zero`: zeros (torch, ONNX, TensorFlow 1). `hold`: the output of the step before (Keras). */
  readonly maskedOutput: "zero" | "hold";
  /** What is held before the first real step: zeros, or the initial h. Without effect on `zero`. */
  readonly heldStart: "zeros" | "initialState";
}

export interface RecurrentSpec extends MaskingSpec {
  readonly type: "recurrent";
  readonly name: string;
  readonly input: ValueRef;
  readonly cell: CellSpec;
  readonly direction: "forward" | "backward";
  /**
   * Order of a backward layer's output sequence: the input's time (torch, ONNX) or the order of processing
   * (Keras `go_backwards`).
   */
  readonly outputOrder: "time" | "processing";
  /** `sequence`: the output of every step. `last`: that of the step processed last. */
  readonly returns: "sequence" | "last";
  /**
   * Where the initial state comes from: null, the caller (zeros if not given); or other values of the spec,
   * by part.
   */
  readonly initialState: Readonly<Record<string, ValueRef>> | null;
}

export interface BidirectionalSpec extends MaskingSpec {
  readonly type: "bidirectional";
  readonly name: string;
  readonly input: ValueRef;
  readonly forward: CellSpec;
  readonly backward: CellSpec;
  /** How the two outputs become one; `none` leaves `name.forward` and `name.backward`. */
  readonly merge: "concat" | "sum" | "ave" | "mul" | "none";
  /**
   * `last`: each direction's output at the step it processed last, i.e. y_f at the end and y_b at the start.
   */
  readonly returns: "sequence" | "last";
  /** As for a recurrent layer; parts are `forward.h`, `backward.h`, ... */
  readonly initialState: Readonly<Record<string, ValueRef>> | null;
}

export interface EmbeddingSpec {
  readonly type: "embedding";
  readonly name: string;
  readonly input: ValueRef;
  /** Rows of the table: valid ids are 0 to inputSize - 1. */
  readonly inputSize: number;
  readonly outputSize: number;
}

export interface DenseSpec {
  readonly type: "dense";
  readonly name: string;
  readonly input: ValueRef;
  readonly inputSize: number;
  readonly units: number;
  readonly activation: Activation | "softmax" | "logSoftmax";
  readonly bias: "none" | "single";
}

export interface ActivationSpec {
  readonly type: "activation";
  readonly name: string;
  readonly input: ValueRef;
  /** `softmax` and `logSoftmax` act along the last axis. */
  readonly activation: Activation | "softmax" | "logSoftmax";
}

/** Identity at inference; kept so that a ported model keeps its form. */
export interface DropoutSpec {
  readonly type: "dropout";
  readonly name: string;
  readonly input: ValueRef;
  readonly rate: number;
}

export interface MergeSpec {
  readonly type: "merge";
  readonly name: string;
  readonly inputs: readonly ValueRef[];
  /** `concat` joins the last axis; the others work elementwise. */
  readonly mode: "concat" | "sum" | "ave" | "mul";
}

/**
 * Each step of a query takes the mean of another sequence's steps, weighted by how well their keys fit it.
 */
export interface AttentionSpec {
  readonly type: "attention";
  readonly name: string;
  /** A sequence [batch, time, inputSize], or one vector a row [batch, inputSize]. */
  readonly query: ValueRef;
  /** A sequence [batch, source, inputSize]. */
  readonly key: ValueRef;
  /** A sequence along the axis of `key`: what the mean is taken of. */
  readonly value: ValueRef;
  /** Size of query and key. */
  readonly inputSize: number;
  /**
   * How well a key fits: `dot` q·k (Luong), `scaledDot` q·k / sqrt(inputSize), `additive` the sum of tanh(q +
   * k) (Bahdanau).
   */
  readonly score: "dot" | "scaledDot" | "additive";
  /**
   * What the score is multiplied by: nothing, the weight `scale` [], or for `additive` each of its terms by
   * `scale` [inputSize].
   */
  readonly scale: "none" | "scalar" | "vector";
  /**
   * What q + k is multiplied by before tanh: nothing, or the weight `innerScale` [] (Keras's `concat` score
   * with `use_scale`).
   */
  readonly innerScale: "none" | "scalar";
}

/**
 * One vector a row, over and over: a sequence along an axis of its own. In a step along that axis it is the
 * vector itself.
 */
export interface RepeatSpec {
  readonly type: "repeat";
  readonly name: string;
  /** A value without time, [batch, size]. */
  readonly input: ValueRef;
  /** How many steps the sequence has. */
  readonly steps: number;
  /** Name of the sequence's time axis; no input's. */
  readonly axis: string;
}

export type LayerSpec =
  | RecurrentSpec
  | BidirectionalSpec
  | EmbeddingSpec
  | DenseSpec
  | ActivationSpec
  | DropoutSpec
  | MergeSpec
  | AttentionSpec
  | RepeatSpec;
