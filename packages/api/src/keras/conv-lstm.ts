import { convLstmCell } from "../cells/conv-lstm.js";
import { shown } from "../contract/shown.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { ValueInfo } from "../layers/value-info.js";
import { recurrent, reshape } from "../specification/build.js";
import { partShape } from "../specification/cell-parts.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import type { StatePart } from "./carried-state.js";
import { assertCount, perAxisOf } from "./counts.js";
import { axesText, Layer, type LayerBinding } from "./layer.js";
import { cellActivation } from "./options.js";
import { sequenceOptions, type SequenceOptions } from "./recurrent-layers.js";
import { layerOptions } from "./training-options.js";
import type { PerAxis } from "./windows.js";

/** Options of `layers.convLstm1d` and `layers.convLstm2d`. */
export interface ConvLstmLayerOptions extends Omit<SequenceOptions, "heldStart"> {
  /** Channels of the state, and of the output. */
  readonly filters: number;
  /** Elements of both kernels along each axis. */
  readonly kernelSize: PerAxis;
  /** Of the convolution of the input. Default 1. */
  readonly strides?: PerAxis;
  /** Of the convolution of the input: `valid`, the default, or `same`. */
  readonly padding?: string;
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
  /** Of the convolution of the input. Default 1. */
  readonly dilationRate?: PerAxis;
  /** Of the candidate and of the cell state on its way out. Default `tanh`; null is linear. */
  readonly activation?: string | null;
  /** Of the gates. Default `sigmoid`. */
  readonly recurrentActivation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** Share of inputs that training drops; without effect here. */
  readonly dropout?: number;
  /** Share of the state that training drops; without effect here. */
  readonly recurrentDropout?: number;
}

const WITHIN = "/cells";

/**
 * Keras's `ConvLSTM1D` and `ConvLSTM2D`, of sequences of rows, or of rows and columns, with channels: a cell
 * of the core over vectors, which reshapes make and undo. Source: Keras 3.15 `layers/rnn/conv_lstm.py`.
 */
export class ConvLstmLayer extends Layer {
  readonly kind: string;

  constructor(
    private readonly axes: 1 | 2,
    private readonly options: ConvLstmLayerOptions,
  ) {
    super(options);
    this.kind = `conv_lstm${axes}d`;
    layerOptions(this.kind, options, [
      ...sequenceOptions.filter((name) => name !== "heldStart"),
      ...["filters", "kernelSize", "strides", "padding", "dataFormat", "dilationRate", "activation"],
      ...["recurrentActivation", "useBias", "dropout", "recurrentDropout"],
    ]);
    const { padding = "valid", filters } = options;
    if (padding !== "valid" && padding !== "same")
      this.refuse("UNROLL_ARGUMENT", "padding valid or same", shown(padding), "write it so");
    assertCount(this.place, "filters", filters, "it counts channels");
    for (const name of ["kernelSize", "strides", "dilationRate"] as const) this.perAxis(name);
    this.squash("activation", "tanh");
    this.squash("recurrentActivation", "sigmoid");
  }

  private perAxis(name: "kernelSize" | "strides" | "dilationRate"): readonly number[] {
    const given = this.options[name] ?? (name === "kernelSize" ? undefined : 1);
    return perAxisOf(this.place, name, given, this.axes);
  }

  private squash(
    name: "activation" | "recurrentActivation",
    usual: string,
  ): ReturnType<typeof cellActivation> {
    const given = this.options[name];
    return cellActivation(this.kind, given === undefined ? usual : given);
  }

  private cell({ shape }: ValueInfo): CustomCellSpec {
    const { filters, padding = "valid", useBias } = this.options;
    return convLstmCell({
      shape: shape.slice(0, -1),
      channels: shape[shape.length - 1]!,
      filters,
      kernelSize: this.perAxis("kernelSize"),
      strides: this.perAxis("strides"),
      padding: padding as "valid" | "same",
      dilation: this.perAxis("dilationRate"),
      activation: this.squash("activation", "tanh"),
      recurrentActivation: this.squash("recurrentActivation", "sigmoid"),
      bias: useBias !== false,
    });
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    const { axis, shape, dtype } = form!;
    if (axis === null || shape.length !== this.axes + 1 || dtype !== "float32")
      this.refuse(
        "UNROLL_SHAPE",
        `a float32 input [batch, time, rows, ${this.axes === 2 ? "columns, " : ""}channels]`,
        `${dtype} ${axesText(form!)}`,
        "declare the time axis of the input first, and channels last",
      );
  }

  override get outputSuffixes(): readonly string[] {
    const state = this.options.returnState ? this.stateParts() : [];
    return ["", ...state.map(({ within, part }) => `${within}.${part}`)];
  }

  override toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    _axis: string,
    ignoresMask: boolean,
  ): readonly LayerSpec[] {
    const { goBackwards, returnSequences, zeroOutputForMask } = this.options;
    const cell = this.cell(form!);
    return [
      reshape({ name: `${name}/vectors`, input: input!, shape: [cell.inputSize] }),
      recurrent({
        name: name + WITHIN,
        input: `${name}/vectors`,
        cell,
        direction: goBackwards ? "backward" : "forward",
        outputOrder: goBackwards ? "processing" : "time",
        returns: returnSequences ? "sequence" : "last",
        maskedOutput: ignoresMask ? "ignore" : zeroOutputForMask ? "zero" : "hold",
        heldStart: "zeros",
        initialState:
          initialState &&
          Object.fromEntries(this.stateParts().map(({ part }, k) => [part, initialState[k]!])),
      }),
      reshape({ name, input: name + WITHIN, shape: partShape(cell, "h") }),
    ];
  }

  override stateParts(): readonly StatePart[] {
    return ["h", "c"].map((part) => ({ within: WITHIN, part }));
  }

  override get bindings(): readonly LayerBinding[] {
    return [
      {
        within: WITHIN,
        cell: "conv_lstm_cell",
        weights: { recurrentKernel: { name: "recurrent_kernel", index: 1 } },
      },
    ];
  }

  override get stateful(): boolean {
    return this.options.stateful ?? false;
  }
}
