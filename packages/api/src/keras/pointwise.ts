import { activation, dense, dropout, embedding, merge, repeat } from "../specification/build.js";
import { knownOptions } from "../contract/known-options.js";
import type { LayerSpec, MergeSpec, ValueRef } from "../specification/types.js";
import { type Form, Layer, type LayerOptions, type LayerOutput, commonOptions } from "./layer.js";
import { outerActivation } from "./options.js";
import { BidirectionalLayer, RecurrentLayer } from "./recurrent-layers.js";

export interface EmbeddingOptions extends LayerOptions {
  /** Rows of the table. */
  readonly inputDim: number;
  readonly outputDim: number;
  /** Whether steps with id 0 are masked for the layers after it. Default false. */
  readonly maskZero?: boolean;
}

export class EmbeddingLayer extends Layer {
  readonly kind = "embedding";

  constructor(private readonly options: EmbeddingOptions) {
    super(options);
    knownOptions(this.kind, options, [...commonOptions, "inputDim", "outputDim", "maskZero"]);
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    if (form!.dtype !== "int32")
      this.refuse("UNROLL_DTYPE", "int32 ids", form!.dtype, 'declare the input with dtype "int32"');
    return [
      {
        suffix: "",
        form: {
          dtype: "float32",
          sequence: form!.sequence,
          features: [...form!.features, this.options.outputDim],
        },
      },
    ];
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [
      embedding({
        name,
        input: input!,
        inputSize: this.options.inputDim,
        outputSize: this.options.outputDim,
      }),
    ];
  }

  override get masksZero(): boolean {
    return this.options.maskZero ?? false;
  }

  override get inputDtype(): "int32" {
    return "int32";
  }
}

export interface DenseOptions extends LayerOptions {
  readonly units: number;
  /** Default linear. */
  readonly activation?: string | null;
  /** Default true. */
  readonly useBias?: boolean;
}

export class DenseLayer extends Layer {
  readonly kind = "dense";

  constructor(private readonly options: DenseOptions) {
    super(options);
    knownOptions(this.kind, options, [...commonOptions, "units", "activation", "useBias"]);
    outerActivation(this.kind, options.activation ?? null);
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    this.lastAxis(form!);
    return [
      { suffix: "", form: { ...form!, features: [...form!.features.slice(0, -1), this.options.units] } },
    ];
  }

  toSpecs(name: string, [input]: readonly ValueRef[], [form]: readonly Form[]): readonly LayerSpec[] {
    const { units, useBias, activation: squash } = this.options;
    return [
      dense({
        name,
        input: input!,
        inputSize: this.lastAxis(form!),
        units,
        activation: outerActivation(this.kind, squash ?? null),
        bias: useBias === false ? "none" : "single",
      }),
    ];
  }
}

export interface ActivationOptions extends LayerOptions {
  readonly activation: string;
}

export class ActivationLayer extends Layer {
  readonly kind = "activation";

  constructor(private readonly options: ActivationOptions) {
    super(options);
    knownOptions(this.kind, options, [...commonOptions, "activation"]);
    outerActivation(this.kind, options.activation);
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    this.lastAxis(form!);
    return [{ suffix: "", form: form! }];
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [
      activation({ name, input: input!, activation: outerActivation(this.kind, this.options.activation) }),
    ];
  }
}

export interface DropoutOptions extends LayerOptions {
  readonly rate: number;
}

/** Training only: the identity here. */
export class DropoutLayer extends Layer {
  readonly kind = "dropout";

  constructor(private readonly options: DropoutOptions) {
    super(options);
    knownOptions(this.kind, options, [...commonOptions, "rate"]);
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    return [{ suffix: "", form: form! }];
  }

  toSpecs(name: string, [input]: readonly ValueRef[]): readonly LayerSpec[] {
    return [dropout({ name, input: input!, rate: this.options.rate })];
  }
}

export interface TimeDistributedOptions extends LayerOptions {
  readonly layer: Layer;
}

/** A layer at every step. Layers here work on the last axis, so it is that layer on a sequence. */
export class TimeDistributedLayer extends Layer {
  readonly kind = "time_distributed";

  constructor(private readonly options: TimeDistributedOptions) {
    super({ ...(options.layer.inputShape && { inputShape: options.layer.inputShape }), ...options });
    knownOptions(this.kind, options, [...commonOptions, "layer"]);
    if (options.layer instanceof RecurrentLayer || options.layer instanceof BidirectionalLayer)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "a layer without time of its own",
        options.layer.kind,
        "sequences of sequences are not supported",
      );
  }

  outputs(forms: readonly Form[]): readonly LayerOutput[] {
    if (!forms[0]!.sequence)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, time, ...]",
        "one without time",
        "apply the layer itself",
      );
    return this.options.layer.outputs(forms);
  }

  toSpecs(name: string, inputs: readonly ValueRef[], forms: readonly Form[]): readonly LayerSpec[] {
    return this.options.layer.toSpecs(name, inputs, forms, null, "");
  }

  override get inner(): string {
    return this.options.layer.name ?? this.options.layer.kind;
  }

  override get inputDtype(): "float32" | "int32" {
    return this.options.layer.inputDtype;
  }
}

export interface RepeatVectorOptions extends LayerOptions {
  /** How many steps the sequence has. */
  readonly n: number;
}

/** One vector a row, as every step of a sequence. */
export class RepeatVectorLayer extends Layer {
  readonly kind = "repeat_vector";

  constructor(private readonly options: RepeatVectorOptions) {
    super(options);
    knownOptions(this.kind, options, [...commonOptions, "n"]);
    if (!Number.isInteger(options.n) || options.n < 1)
      this.refuse(
        "UNROLL_ARGUMENT",
        "n as a whole number of at least 1",
        String(options.n),
        "it counts steps",
      );
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    if (form!.sequence || form!.features.length !== 1)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, features]",
        "one with time",
        "leave returnSequences of the layer before it out",
      );
    this.lastAxis(form!);
    return [{ suffix: "", form: { ...form!, sequence: true } }];
  }

  toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    _forms: readonly Form[],
    _initialState: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    return [repeat({ name, input: input!, steps: this.options.n, axis })];
  }
}

/** Concatenate, Add, Average and Multiply of two or more inputs. */
export class MergeLayer extends Layer {
  constructor(
    readonly kind: string,
    private readonly mode: MergeSpec["mode"],
    options: LayerOptions,
  ) {
    super(options);
    knownOptions(kind, options, commonOptions);
  }

  outputs(forms: readonly Form[]): LayerOutput[] {
    if (forms.length < 2)
      this.refuse("UNROLL_ARGUMENT", "two inputs or more", `${forms.length}`, "apply it to a list");
    const [first] = forms as readonly [Form];
    const sizes = forms.map((form) => this.lastAxis(form));
    const key = (form: Form): string =>
      `${form.sequence} ${(this.mode === "concat" ? form.features.slice(0, -1) : form.features).join()}`;
    const odd = forms.find((form) => key(form) !== key(first));
    if (odd)
      this.refuse(
        "UNROLL_SHAPE",
        `inputs of one shape, [${first.features.join(", ")}]`,
        `[${odd.features.join(", ")}]`,
        this.mode === "concat" ? "only the last axis may differ" : "shapes must be equal",
      );
    return [
      {
        suffix: "",
        form:
          this.mode === "concat"
            ? { ...first, features: [...first.features.slice(0, -1), sizes.reduce((a, b) => a + b, 0)] }
            : first,
      },
    ];
  }

  toSpecs(name: string, inputs: readonly ValueRef[]): readonly LayerSpec[] {
    return [merge({ name, inputs, mode: this.mode })];
  }
}
