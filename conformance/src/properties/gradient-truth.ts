import type { HostTensor } from "@unroll/api";
import type { Program } from "@unroll/api/adapter";
import { cotangentName, gradient, gradientName, type RowEnds } from "@unroll/api/gradient";
import type { GivenProgram } from "../cases/programs.js";
import { type Dual, runDual } from "../oracle/dual-programs.js";
import { type Numbers, unrounded } from "../oracle/primitives.js";
import { runProgram } from "../oracle/programs.js";
import { generator } from "../tolerance/random.js";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const numbers = ({ dtype, shape, data }: HostTensor): Numbers => ({
  dtype,
  shape,
  data: Float64Array.from(data),
});
const drawn = (shape: readonly number[], random: () => number): Numbers => ({
  dtype: "float32",
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random() * 2 - 1)),
});

/** The sum of products of the elements of two tensors of one shape. */
export const dot = (
  a: { readonly data: ArrayLike<number> },
  b: { readonly data: ArrayLike<number> },
): number => Array.from(a.data).reduce((sum, value, k) => sum + value * b.data[k]!, 0);

/** A program's gradient, ready to run, and what it is held against. */
export interface Differentiated {
  /** Null where nothing of the program has a gradient. */
  readonly gradient: GivenProgram | null;
  /** The random direction: float32 [shape of the source], by the names of the program's params and inputs. */
  readonly direction: ReadonlyMap<string, Numbers>;
  /** The change of all outputs in it, weighted by their cotangents: by the gradient. */
  readonly byGradient: number;
  /** By dual numbers. */
  readonly byDual: number;
  /** How large the terms of the sum are. */
  readonly size: number;
}

/**
 * The gradient of all float32 outputs by all float32 inputs and params, in float64, in a random direction.
 *
 * @param extents how rows end, where padding is to be taken for zeros; dual numbers know nothing of that
 */
export function differentiated(
  { program, feeds, weights }: GivenProgram,
  seed: number,
  extents: RowEnds = {},
): Differentiated {
  const random = generator(seed);
  const given = new Map(
    [...Object.entries(weights), ...Object.entries(feeds)].map(([name, one]) => [name, numbers(one)]),
  );
  const sources = [...program.params, ...program.inputs].filter(({ type }) => type.dtype === "float32");
  const targets = program.outputs.filter(({ type }) => type.dtype === "float32");
  if (sources.length === 0 || targets.length === 0)
    return { gradient: null, direction: new Map(), byGradient: 0, byDual: 0, size: 1 };
  const tangents = new Map(sources.map(({ name }) => [name, drawn(given.get(name)!.shape, random)]));
  const duals = runDual(
    program,
    new Map(
      [...given].map(([name, value]): [string, Dual] => [
        name,
        { value, tangent: tangents.get(name) ?? null },
      ]),
    ),
  );
  const cotangents = targets.map(({ name }): [string, Numbers] => [
    name,
    drawn(duals.get(name)!.value.shape, random),
  ]);
  const ofGradient: Program = gradient(program, {
    of: targets.map(({ name }) => name),
    withRespectTo: sources.map(({ name }) => name),
    outputs: [],
    unreached: "zeros",
    extents,
  });
  const fed = cotangents.map(([name, value]): [string, Numbers] => [cotangentName(name), value]);
  const results = runProgram(ofGradient, Object.fromEntries([...given, ...fed]), unrounded);
  const terms = sources.map(({ name }) => dot(results[gradientName(name)]!, tangents.get(name)!));
  const wanted = cotangents.map(([name, value]) => {
    const { tangent } = duals.get(name)!;
    return tangent ? dot(tangent, value) : 0;
  });
  const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
  return {
    gradient: {
      program: ofGradient,
      weights,
      feeds: {
        ...feeds,
        ...Object.fromEntries(
          fed.map(([name, { shape, data }]) => [
            name,
            { dtype: "float32", shape, data: Float32Array.from(data) } as HostTensor,
          ]),
        ),
      },
    },
    direction: tangents,
    byGradient: sum(terms),
    byDual: sum(wanted),
    size: 1 + sum(terms.map(Math.abs)) + sum(wanted.map(Math.abs)),
  };
}
