import { unrollError } from "../contract/error.js";
import type { Program } from "../contract/program.js";
import { type DType, type DTypeArray, type HostTensor, sizeOf } from "../contract/tensor.js";
import { PartialProgramBuilder, type Value } from "../program/builder.js";
import { primitives } from "../program/primitives.js";
import { Parameter } from "./parameter.js";
import type { Recording } from "./tensor/dispatch.js";
import type { Operation } from "./tensor/operation.js";
import { Tensor } from "./tensor/tensor.js";

/** Numbers of a new tensor that stand in the program itself; more are its weights. */
const CONSTANT = 64;

/** A tensor of a trace: it has a form, and no values. */
export class TracedTensor extends Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];

  constructor(
    readonly backend: Tracer,
    /** @internal Its place in the program. */
    readonly value: Value,
  ) {
    super();
    this.dtype = value.type.dtype;
    this.shape = value.type.shape as readonly number[];
  }

  get data(): DTypeArray[DType] {
    return this.backend.refuse(
      "its value",
      "it has none in forward; run it, and ask the result, or call() the module, which computes at once",
    );
  }
}

/** A tensor that a trace reads anew at every run. */
export interface Captured {
  /** Of the program's input that it is. */
  readonly name: string;
  /** With its values. */
  readonly tensor: Tensor;
}

/** Records operations as one program of fixed sizes. */
export class Tracer implements Recording {
  readonly #builder: PartialProgramBuilder;
  readonly #new = new WeakSet<object>();
  readonly #values = new Map<Tensor, Value>();
  readonly #owners: object[] = [];
  readonly #arguments = new Map<Tensor, { readonly name: string; readonly given: HostTensor }>();
  /** Arguments whose values the trace depends on. */
  readonly fixedNames = new Set<string>();
  /** Weights by the name of their parameter. */
  readonly weights: Record<string, HostTensor> = Object.create(null) as Record<string, HostTensor>;
  /** What was there before the trace and is no weight: fed at every run as it then is. */
  readonly captured: Captured[] = [];

  constructor(private readonly name: string) {
    this.#builder = new PartialProgramBuilder(`${name} traced`, primitives);
  }

  /** An argument, as a program input. */
  input(name: string, given: HostTensor): TracedTensor {
    const { dtype, shape } = given;
    const tensor = new TracedTensor(this, this.#builder.input(name, { dtype, shape }));
    this.#arguments.set(tensor, { name, given });
    return tensor;
  }

  /**
   * Values of an argument that sizes follow from, as where rows end: the trace is for these.
   *
   * @throws UNROLL_UNSUPPORTED for what is no argument
   */
  fixed(tensor: TracedTensor): ArrayLike<number> {
    const found = this.#arguments.get(tensor);
    if (!found)
      return this.refuse(
        "sizes that it computes",
        "pass them as an argument, or call() the module, which computes at once",
      );
    this.fixedNames.add(found.name);
    return found.given.data;
  }

  /** Returns a tensor under a name. */
  output(name: string, tensor: Tensor): void {
    const { block } = this.#builder;
    // Through a node, as an engine may not give back what it was fed.
    this.#builder.output(name, block.squeeze(block.expandDims(this.#lift(tensor), 0), 0));
  }

  finish(): Program {
    return this.#builder.finish();
  }

  apply(operation: Operation, operands: readonly Tensor[]): TracedTensor[] {
    const values = operands.map((one) => this.#lift(one));
    const weights = operation.weights ? this.#weightsOf(operation.weights) : [];
    const made = operation.build(this.#builder.block, [...values, ...weights]);
    const results: readonly Value[] = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
    return results.map((value) => new TracedTensor(this, value));
  }

  isNew(tensor: object): boolean {
    return this.#new.has(tensor);
  }

  noteNew(tensor: object): void {
    this.#new.add(tensor);
  }

  noteOld(tensor: object): void {
    this.#new.delete(tensor);
  }

  refuse(got: string, cure: string, expected = "operations on tensors"): never {
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `${this.name} forward`,
      expected,
      got,
      cure,
    });
  }

  #lift(tensor: Tensor): Value {
    if (tensor instanceof TracedTensor) {
      if (tensor.backend === this) return tensor.value;
      this.refuse("a tensor of another trace", "don't keep tensors of forward between runs");
    }
    const known = this.#values.get(tensor);
    if (known) return known;
    const value = this.#given(tensor);
    this.#values.set(tensor, value);
    return value;
  }

  #given(tensor: Tensor): Value {
    const { dtype, shape } = tensor;
    if (shape.includes(0)) this.refuse(`an empty tensor [${shape.join(", ")}]`, "engines have none");
    const fresh = this.isNew(tensor);
    if (fresh && sizeOf(shape) <= CONSTANT)
      return this.#builder.block.constant(Array.from(tensor.data), shape, dtype);
    if (fresh || tensor instanceof Parameter) {
      const name = `given.${Object.keys(this.weights).length}`;
      this.weights[name] = { dtype, shape, data: tensor.data };
      return this.#builder.param(name, shape, dtype);
    }
    const name = `captured.${this.captured.length}`;
    this.captured.push({ name, tensor });
    return this.#builder.input(name, { dtype, shape });
  }

  #weightsOf({ owner, values }: NonNullable<Operation["weights"]>): Value[] {
    let number = this.#owners.indexOf(owner);
    if (number < 0) number = this.#owners.push(owner) - 1;
    return Object.entries(values()).map(([name, weight]) => {
      const full = `module.${number}.${name}`;
      this.weights[full] = weight;
      return this.#builder.param(full, weight.shape, weight.dtype);
    });
  }
}
