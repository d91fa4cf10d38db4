import {
  anything,
  both,
  type Form,
  list,
  named,
  number,
  object,
  oneOf,
  optional,
  text,
  whole,
} from "../../json/form.js";
import { limits } from "../../json/limits.js";

/** A case of a manifest of single ONNX operators, `NAME.onnx` beside `NAME.safetensors`. */
export interface OnnxEntry {
  readonly name: string;
  readonly op: string;
  /** Also those that this command has not heard of. */
  readonly attributes: OnnxAttributes & Readonly<Record<string, unknown>>;
  /** Shapes of the graph's inputs and of its initializers, by operand. */
  readonly inputs: Shapes & { readonly X: readonly number[] };
  readonly initializers: Shapes;
  readonly outputs: readonly string[];
}

export type Shapes = Readonly<Record<string, readonly number[]>>;

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

const size = whole(1, limits.size);
const shape = list(size, 1, 8);
/** Three for each of two directions are the most that an operator takes. */
const activations = 6;

const knownAttributes = object({
  hidden_size: size,
  direction: optional(oneOf("forward", "reverse", "bidirectional")),
  activations: optional(list(text, 1, activations)),
  activation_alpha: optional(list(number, 0, activations)),
  activation_beta: optional(list(number, 0, activations)),
  linear_before_reset: optional(whole(0, 1)),
  clip: optional(number),
  input_forget: optional(whole(0, 1)),
});

export const onnxEntry: Form<OnnxEntry> = object({
  name: text,
  op: text,
  attributes: both(named(anything), knownAttributes),
  inputs: both(named(shape), object({ X: list(size, 3, 3) })),
  initializers: named(shape),
  outputs: list(text, 1, 3),
}) as Form<OnnxEntry>;
