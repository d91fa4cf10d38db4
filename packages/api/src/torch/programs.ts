import { unrollError } from "../contract/error.js";
import type { Program } from "../contract/program.js";
import { type HostTensor, sizeOf } from "../contract/tensor.js";
import type { Block, Value } from "../program/builder.js";
import { inline } from "../program/inline.js";
import { programHash } from "../program/json.js";
import { recording } from "./graph.js";
import { recorded } from "./tensor/dispatch.js";
import { apply, type Tensor, tensorOf } from "./tensor/tensor.js";
import { Tracer } from "./tracer.js";

/** A program of fixed sizes, with the weights that it was made with. */
export interface ProgramOfTensors {
  /** Its inputs and outputs have the names that they were given. */
  readonly program: Program;
  /** Values of its params. */
  readonly weights: Readonly<Record<string, HostTensor>>;
}

/** Named tensors in an order, without a prototype that a name could touch. */
const named = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> => {
  const record = Object.create(null) as Record<string, T>;
  for (const [name, one] of entries) record[name] = one;
  return record;
};

/**
 * What a function does with tensors, as one program for tensors of these sizes: `prepare` of
 * `@unroll/api/adapter` runs it on any engine. What the function computes of tensors that it makes itself is
 * computed now; they are the program's constants and weights.
 *
 * @param name of the program
 * @param inputs sizes and elements of what it is fed, by name
 * @param compute is called once
 * @throws UNROLL_UNSUPPORTED for values that it asks of what it is fed, and for tensors from elsewhere
 */
export function programOfTensors(
  name: string,
  inputs: Readonly<Record<string, Pick<HostTensor, "dtype" | "shape">>>,
  compute: (tensors: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>,
): ProgramOfTensors {
  const tracer = new Tracer(name);
  const given = named(
    Object.entries(inputs).map(([input, { dtype, shape }]) => {
      const form = { dtype, shape: [...shape], data: new Float32Array(0) } as HostTensor;
      return [input, tracer.input(input, form)] as const;
    }),
  );
  recording(null, () =>
    recorded(tracer, () => {
      for (const [output, tensor] of Object.entries(compute(given))) tracer.output(output, tensor);
    }),
  );
  const [captured] = tracer.captured;
  if (captured)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `program of ${name}`,
      expected: "tensors that it is given or makes itself",
      got: `one of [${captured.tensor.shape.join(", ")}] from elsewhere`,
      cure: "name it among the inputs",
    });
  return { program: tracer.finish(), weights: tracer.weights };
}

/** A tensor for each of a program's names. @throws UNROLL_ARGUMENT for one that is missing */
function operandsOf(
  place: string,
  wanted: readonly { readonly name: string }[],
  given: Readonly<Record<string, Tensor | HostTensor>>,
): Tensor[] {
  return wanted.map(({ name }) => {
    if (Object.hasOwn(given, name)) return tensorOf(place, given[name]!);
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: wanted.map((one) => one.name).join(", "),
      got: `no ${name}`,
      cure: "give every input and weight of the program",
    });
  });
}

/**
 * Runs a program as one operation on tensors: at once, or as a part of what is traced.
 *
 * @param program as `lower` makes one of a spec; axes with names have the sizes of what is given
 * @param given a tensor for each of its inputs and params, by name
 * @returns its outputs by name
 * @throws UNROLL_ARGUMENT for a tensor that is missing; UNROLL_SHAPE, UNROLL_DTYPE for those that don't fit
 */
export function callProgram(
  program: Program,
  given: Readonly<Record<string, Tensor | HostTensor>>,
): Record<string, Tensor> {
  const wanted = [...program.params, ...program.inputs];
  const operands = operandsOf(`program "${program.name}"`, wanted, given);
  const results = apply(
    {
      name: program.name,
      key: `program ${programHash(program)}`,
      build(b, values) {
        const outputs = inline(b, program, named(wanted.map(({ name }, k) => [name, values[k]!] as const)));
        return program.outputs.map(({ name }) => outputs[name]!);
      },
    },
    operands,
  );
  return named(program.outputs.map(({ name }, k) => [name, results[k]!] as const));
}

/** What {@link scanProgram} folds. */
export interface ScanOfTensors {
  /** What goes from step to step, by name: an input of the program, and an output of the same name. */
  readonly carries: Readonly<Record<string, Tensor>>;
  /** What gives one element of its first axis a step, by the name of the input. */
  readonly sequences: Readonly<Record<string, Tensor>>;
  /** What stays the same, by the name of the input; params of the program too. */
  readonly captures?: Readonly<Record<string, Tensor>>;
  /** Whether steps run from the last to the first. Default false. */
  readonly reverse?: boolean;
}

/**
 * Folds a program over the first axis of sequences, as one operation.
 *
 * @param program the step; its outputs that no carry is named after are stacked along a new first axis
 * @returns the last carries and the stacked outputs, by name
 * @throws UNROLL_ARGUMENT for a tensor that is missing; UNROLL_SHAPE, UNROLL_DTYPE for those that don't fit
 */
export function scanProgram(program: Program, given: ScanOfTensors): Record<string, Tensor> {
  const { carries, sequences, captures = {}, reverse = false } = given;
  const place = `scan of program "${program.name}"`;
  const names = [carries, sequences, captures].map((one) => Object.keys(one));
  const all: Record<string, Tensor> = { ...carries, ...sequences, ...captures };
  const operands = operandsOf(place, [...program.params, ...program.inputs], all);
  // In the order in which a scan has them.
  const order = names.flat();
  const tensors = order.map((name) => all[name]!);
  const stacked = program.outputs.flatMap(({ name }) => (names[0]!.includes(name) ? [] : [name]));
  const build = (b: Block, values: readonly Value[]): Value[] => {
    const [held, moved] = [names[0]!.length, names[0]!.length + names[1]!.length];
    const result = b.scan(
      {
        carries: values.slice(0, held),
        sequences: values.slice(held, moved),
        captures: values.slice(moved),
        reverse,
      },
      (inner, ...parts) => {
        const own = parts.flat();
        const outputs = inline(inner, program, named(order.map((name, k) => [name, own[k]!] as const)));
        return {
          carries: names[0]!.map((name) => outputs[name]!),
          stacked: stacked.map((name) => outputs[name]!),
        };
      },
    );
    return [...result.carries, ...result.stacked];
  };
  if (operands.some(({ shape }) => sizeOf(shape) === 0))
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: "at least one step",
      got: "an empty tensor",
      cure: "engines have no empty tensors",
    });
  const key = `scan ${reverse} ${names.map((list) => list.join()).join(";")} ${programHash(program)}`;
  const results = apply({ name: place, key, build }, tensors);
  return named([...names[0]!, ...stacked].map((name, k) => [name, results[k]!] as const));
}
