import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import type { Named, Program, ValueId } from "../contract/program.js";
import { shown } from "../contract/shown.js";
import type { Value } from "../program/builder.js";
import { ProgramBuilder } from "../program/program-builder.js";
import type { RowEnds } from "../program/runnable.js";
import { verify } from "../program/verify.js";
import { clearedOfPadding } from "./padding.js";
import { pruned } from "./prune.js";
import { type Bridge, Cotangents, pullBack, zerosLike } from "./pullback.js";
import { record } from "./tape.js";
import { spread } from "./varied.js";

/** Options of {@link gradient}. */
export interface GradientOptions {
  /**
   * What is differentiated. A name: an output of shape [], whose gradient it is. A list of names: outputs of
   * any shapes, for each of which the program is fed a cotangent, `cotangent.NAME` of the output's shape; the
   * gradient is that of the sum over all of them of output times cotangent.
   */
  readonly of: string | readonly string[];
  /** Names of params and inputs, each float32, that gradients are wanted of. */
  readonly withRespectTo: readonly string[];
  /** Outputs of the program itself that are returned beside the gradients. Default: all. */
  readonly outputs?: readonly string[];
  /**
   * What becomes of a param or input that no float32 way leads from to what is differentiated: `refuse`, the
   * default, says so by name; `zeros` returns the zeros that its gradient is.
   */
  readonly unreached?: "refuse" | "zeros";
  /**
   * How rows end along each time axis, as the program was made with: `{ time: "lengths" }`. Padding of
   * float32 inputs along such an axis is then taken for zeros, so that a NaN in it reaches no gradient; a
   * finite number never does. Default: none.
   */
  readonly extents?: RowEnds;
}

/** Name of the output that is the gradient of a param or an input. */
export const gradientName = (name: string): string => `gradient.${name}`;

/** Name of the input that is the cotangent of an output. */
export const cotangentName = (name: string): string => `cotangent.${name}`;

/**
 * The program of a program's gradients, by reverse mode: it computes what the program does, then back through
 * it what each of `withRespectTo` contributes to `of`. It is a program as any other: every engine that runs
 * its primitives runs it, and its own gradient can be asked for.
 *
 * Its params and inputs are those of the program, and the cotangents; its outputs those of the program that
 * are asked for, and `gradient.NAME`, each of the shape of what it is a gradient of. All that a step of a
 * `scan` computes and the way back needs is kept, for every step.
 *
 * @throws UNROLL_ARGUMENT for names that there are none of, options that don't fit, and what is not reached;
 *   UNROLL_DTYPE for what is not float32; UNROLL_SHAPE for an output by name alone that is no scalar;
 *   UNROLL_PROGRAM for a program that does not hold together, or has such names already
 */
export function gradient(program: Program, options: GradientOptions): Program {
  verify(program);
  const place = `gradient of program "${program.name}"`;
  const { sources, targets, outputs, zeros, extents } = checked(place, program, options);
  const varied = new Set(sources.map(({ id }) => id));
  assertReached(place, program, { sources, targets, zeros });
  spread(program.nodes, varied);
  const builder = new ProgramBuilder(`gradient of ${program.name}`);
  const b = builder.block;
  const given = new Map<ValueId, Value>();
  for (const { name, id, type } of program.params)
    given.set(id, builder.param(name, type.shape as readonly number[], type.dtype));
  const fed = new Map<string, Value>();
  for (const { name, type } of program.inputs) fed.set(name, builder.input(name, type));
  const inputs = clearedOfPadding(b, fed, extents, place);
  for (const { name, id } of program.inputs) given.set(id, inputs.get(name)!);

  const { entries, values } = record(b, program.nodes, { values: given, varied });
  const here: Bridge = { use: (value) => value, like: (value) => value };
  const cotangents = new Cotangents(b);
  for (const { name, id, type } of targets) {
    const scalar = typeof options.of === "string";
    const cotangent = scalar ? b.constant(1) : builder.input(cotangentName(name), type);
    if (varied.has(id)) cotangents.add(values.get(id)!, cotangent);
  }
  pullBack(b, entries, here, cotangents);
  for (const { name, id } of outputs) builder.output(name, values.get(id)!);
  for (const { name, id } of sources) {
    const value = given.get(id)!;
    builder.output(gradientName(name), cotangents.of(value) ?? zerosLike(b, value));
  }
  return pruned(builder.finish());
}

interface Wanted {
  readonly sources: readonly Named[];
  readonly targets: readonly Named[];
  readonly outputs: readonly Named[];
  readonly zeros: boolean;
  readonly extents: RowEnds;
}

const known = ["of", "withRespectTo", "outputs", "unreached", "extents"];

function checked(place: string, program: Program, options: GradientOptions): Wanted {
  knownOptions(place, options, known);
  const { of, withRespectTo, outputs, unreached = "refuse", extents = {} } = options;
  if (unreached !== "refuse" && unreached !== "zeros")
    refuse(place, "unreached to be refuse or zeros", shown(unreached), "leave it out to be told");
  const targets =
    typeof of === "string"
      ? named(place, "of", [of], program.outputs)
      : named(place, "of", of, program.outputs);
  const given = [...program.params, ...program.inputs];
  const sources = named(place, "withRespectTo", withRespectTo, given);
  for (const one of [...targets, ...sources])
    if (one.type.dtype !== "float32")
      throw unrollError({
        code: "UNROLL_DTYPE",
        place,
        expected: "float32, as only such values have gradients",
        got: `"${one.name}", ${one.type.dtype} [${one.type.shape.join(", ")}]`,
        cure: "leave it out",
        details: { name: one.name },
      });
  const [first] = targets;
  if (typeof of === "string" && first!.type.shape.length > 0)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `output "${of}" to be a scalar`,
      got: `[${first!.type.shape.join(", ")}]`,
      cure: `give of: ["${of}"] and feed "${cotangentName(of)}", or sum it up in the program`,
      details: { name: of },
    });
  return {
    sources,
    targets,
    outputs: outputs === undefined ? program.outputs : named(place, "outputs", outputs, program.outputs, 0),
    zeros: unreached === "zeros",
    extents,
  };
}

function named(
  place: string,
  option: string,
  names: readonly string[],
  all: readonly Named[],
  least = 1,
): readonly Named[] {
  const list: unknown = names;
  if (!Array.isArray(list) || list.length < least || new Set(list).size !== list.length)
    refuse(
      place,
      `${option} to be a list of ${least > 0 ? "one or more " : ""}names, each once`,
      shown(list),
      `there are ${all.map(({ name }) => name).join(", ") || "none"}`,
    );
  return names.map((name) => {
    const found = all.filter((one) => one.name === name);
    if (found.length !== 1)
      refuse(
        place,
        `${option} to name ${all.map((one) => one.name).join(", ") || "nothing, as there is none"}`,
        `${shown(name)}${found.length > 1 ? ", a param and an input" : ""}`,
        found.length > 1 ? "rename one of them" : "mend the name, or leave it out",
      );
    return found[0]!;
  });
}

/** Refuses what nothing differentiable leads from. @throws UNROLL_ARGUMENT */
function assertReached(
  place: string,
  program: Program,
  { sources, targets, zeros }: Pick<Wanted, "sources" | "targets" | "zeros">,
): void {
  if (zeros) return;
  for (const { name, id } of sources) {
    const varied = new Set([id]);
    const stops = new Map<string, string>();
    spread(program.nodes, varied, (op, why) => stops.set(op, why));
    if (targets.some((target) => varied.has(target.id))) continue;
    const ends = [...stops].map(([op, why]) => `${op} (${why})`);
    refuse(
      place,
      `"${name}" to reach ${targets.map((target) => target.name).join(", ")}`,
      ends.length === 0 ? "no way there" : `ways that end at ${ends.join(", ")}`,
      'leave it out of withRespectTo, or say unreached: "zeros"',
      { name, stops: [...stops.keys()] },
    );
  }
}

function refuse(place: string, expected: string, got: string, cure: string, details?: object): never {
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected,
    got,
    cure,
    ...(details && { details: details as Readonly<Record<string, unknown>> }),
  });
}
