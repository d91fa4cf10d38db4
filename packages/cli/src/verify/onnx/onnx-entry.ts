/** A case of a manifest of single ONNX operators, `NAME.onnx` beside `NAME.safetensors`. */
export interface OnnxEntry {
  readonly name: string;
  readonly op: string;
  readonly attributes: OnnxAttributes;
  /** Shapes of the graph's inputs and of its initializers, by operand. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly initializers: Readonly<Record<string, readonly number[]>>;
  readonly outputs: readonly string[];
}

/** Attributes as ONNX names them. */
export interface OnnxAttributes {
  readonly hidden_size: number;
  readonly direction?: "forward" | "reverse" | "bidirectional";
  readonly activations?: readonly string[];
  readonly activation_alpha?: readonly number[];
  readonly activation_beta?: readonly number[];
  readonly linear_before_reset?: number;
  readonly clip?: number;
  readonly input_forget?: number;
}
