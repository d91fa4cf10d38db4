import type { HostTensor } from "@unroll/api";
import type { Program } from "@unroll/api/adapter";
import { cotangentName, gradient, gradientName } from "@unroll/api/gradient";
import { generator } from "@unroll/conformance";
import type { GivenProgram } from "../conformance/src/cases/programs.js";
import { type Dual, runDual } from "../conformance/src/oracle/dual-programs.js";
import { type Numbers, unrounded } from "../conformance/src/oracle/primitives.js";
import { runProgram } from "../conformance/src/oracle/programs.js";

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
const dot = (a: Numbers, b: Numbers): number => a.data.reduce((sum, value, k) => sum + value * b.data[k]!, 0);

/** A program's gradient, ready to run, and what it is held against. */
export interface Differentiated {
  /** Null where nothing of the program has a gradient. */
  readonly gradient: GivenProgram | null;
  /** The change of all outputs in a random direction, weighted by their cotangents: by the gradient. */
  readonly byGradient: number;
  /** By dual numbers. */
  readonly byDual: number;
  /** How large the terms of the sum are. */
  readonly size: number;
}

/**
 * The gradient of all float32 outputs by all float32 inputs and params, in float64, in a random direction.
 */
export function differentiated({ program, feeds, weights }: GivenProgram, seed: number): Differentiated {
  const random = generator(seed);
  const given = new Map(
    [...Object.entries(weights), ...Object.entries(feeds)].map(([name, one]) => [name, numbers(one)]),
  );
  const sources = [...program.params, ...program.inputs].filter(({ type }) => type.dtype === "float32");
  const targets = program.outputs.filter(({ type }) => type.dtype === "float32");
  if (sources.length === 0 || targets.length === 0)
    return { gradient: null, byGradient: 0, byDual: 0, size: 1 };
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
    byGradient: sum(terms),
    byDual: sum(wanted),
    size: 1 + sum(terms.map(Math.abs)) + sum(wanted.map(Math.abs)),
  };
}
