import type { HostTensor } from "@unroll/api";
import type * as tf from "@unroll/api/tf1";
import type { NamedTensor } from "@unroll/api/weights";
import { compareWithBound } from "@unroll/conformance";
import { expect } from "vitest";
import { deriveProgramBounds } from "../conformance/src/properties/hold-program.js";
import { programOf, weightsFor } from "../packages/api/src/tf1/program.js";

type Given = ReadonlyMap<tf.Tensor, HostTensor>;
type Variables = Readonly<Record<string, NamedTensor>>;

/** Holds result k of a graph to the truth in float64 of its program, as near as an engine has to be. */
export type Holds = (k: number, got: { readonly data: ArrayLike<number> }, whose: string) => void;

/** Holds results, and what TensorFlow computed, to the bound of the program that the graph comes to. */
export function holds(targets: readonly tf.Tensor[], given: Given, variables: Variables): Holds {
  const made = programOf(targets, given);
  const read = (variable: tf.Tensor) => {
    const { shape, data } = variables[variable.name]!;
    return { dtype: "float32" as const, shape, data: data as Float32Array };
  };
  const weights = weightsFor(made, read);
  const feeds = Object.fromEntries([...made.feeds].map(([one, name]) => [name, given.get(one)!]));
  const { exact, bounds } = deriveProgramBounds({ program: made.program, weights, feeds }, "f32");
  return (k, got, whose) => {
    const name = `fetch.${k}`;
    const compared = compareWithBound(got as HostTensor, exact[name]!, bounds[name]!);
    expect([whose, name, compared.firstBadIndex]).toEqual([whose, name, -1]);
  };
}
