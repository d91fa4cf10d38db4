import type { Program } from "../contract/program.js";
import type { HostTensor } from "../contract/tensor.js";
import { ProgramBuilder } from "../program/program-builder.js";
import type { Value } from "../program/builder.js";
import { emit } from "./emit.js";
import type { Check, Tensor, VariableReader, Weight } from "./graph.js";

/** A part of the graph as a program for what is fed, whose sizes it has. */
export interface GraphProgram {
  readonly program: Program;
  /** Weights by the names of the program's parameters. */
  readonly weights: ReadonlyMap<string, Weight>;
  readonly checks: readonly Check[];
  /** Names of the program's inputs, in the order of what is fed. */
  readonly feeds: ReadonlyMap<Tensor, string>;
}

/** Name of the program's output that is target number k. */
export const fetchName = (k: number): string => `fetch.${k}`;

/**
 * The program that computes tensors of the graph, none of them fed.
 *
 * @throws UNROLL_SHAPE where sizes that were unknown do not fit, UNROLL_ARGUMENT for a placeholder that is
 *   not fed
 */
export function programOf(targets: readonly Tensor[], given: ReadonlyMap<Tensor, HostTensor>): GraphProgram {
  const builder = new ProgramBuilder("graph");
  const feeds = new Map<Tensor, string>();
  const known = new Map<Tensor, Value>();
  for (const [tensor, { dtype, shape }] of given) {
    const name = `feed.${feeds.size}`;
    feeds.set(tensor, name);
    known.set(tensor, builder.input(name, { dtype, shape }));
  }
  const weights = new Map<string, Weight>();
  const params = new Map<Weight, Value>();
  const checks: Check[] = [];
  const weightOf = (weight: Weight): Value => {
    let value = params.get(weight);
    if (!value) {
      let name = weight.name;
      for (let k = 1; weights.has(name); k++) name = `${weight.name}_${k}`;
      weights.set(name, weight);
      value = builder.param(name, weight.shape, weight.dtype);
      params.set(weight, value);
    }
    return value;
  };
  const b = builder.block;
  const values = emit(targets, { b, known, checks, weightOf });
  // What only passes through is no result of an operation: a copy is.
  const passed = new Set<string>([...given.keys()].map((tensor) => known.get(tensor)!.id));
  for (const { id } of params.values()) passed.add(id);
  values.forEach((value, k) => {
    builder.output(fetchName(k), passed.has(value.id) ? b.expand(value, value) : value);
    passed.add(value.id);
  });
  return { program: builder.finish(), weights, checks, feeds };
}

/** Weights as a program takes them. */
export const weightsFor = ({ weights }: GraphProgram, read: VariableReader): Record<string, HostTensor> => {
  const made = Object.create(null) as Record<string, HostTensor>;
  for (const [name, weight] of weights) made[name] = weight.valueOf(read);
  return made;
};
