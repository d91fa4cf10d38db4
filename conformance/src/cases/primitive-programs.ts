import { type HostTensor, tensor } from "@unroll/api";
import {
  type Block,
  type Dim,
  type PrimitiveName,
  primitiveNames,
  ProgramBuilder,
  type Value,
} from "@unroll/api/adapter";
import type { GivenProgram } from "./programs.js";
import { generator } from "../tolerance/random.js";
import { longForms } from "./long-forms.js";
import type { Domain, OperandForm, PrimitiveForm } from "./operand-forms.js";
import { primitiveForms } from "./primitive-forms.js";

/**
 * Where a primitive stands: among other nodes, in a scan either way, in a scan within a scan, or on axes as
 * long as tiles and blocks.
 */
export const primitivePlaces = ["program", "scan", "reversed scan", "scan in a scan", "long axes"] as const;
export type PrimitivePlace = (typeof primitivePlaces)[number];

/** One primitive in every form it has, at one place; each form is an output of its own. */
export interface PrimitiveCase {
  readonly op: PrimitiveName;
  readonly place: PrimitivePlace;
  readonly batch: number;
  readonly seed: number;
}

/** Axis that scans run along, and the one of a scan within. */
const [STEPS, WITHIN] = ["steps", "within"];
/** Lengths of all axes but the batch. */
const lengths: Readonly<Record<string, number>> = { time: 4, [STEPS]: 3, [WITHIN]: 2 };

/** Numbers of 11 bits, so that no precision rounds them. */
const APART = 2048;

type NamedDomain = Extract<Domain, string>;

const domains: { readonly [D in NamedDomain]: (random: () => number, k: number, first: number) => number } = {
  quarters: (random) => Math.round(random() * 16 - 8) / 4,
  awayFromZero: (random) => (random() < 0.5 ? -1 : 1) * (0.5 + Math.round(random() * 6) / 4),
  positive: (random) => 0.5 + Math.round(random() * 6) / 4,
  whole: (random) => Math.round(random() * 10 - 5),
  rows: (random) => Math.floor(random() * 4),
  truth: (random) => Number(random() < 0.5),
  nanAtEven: (random, k) => (k % 2 === 0 ? NaN : Math.round(random() * 16 - 8) / 4),
  odd: (_random, k) => k % 2,
  // 1,229 has no factor in common with 2,048.
  apart: (_random, k, first) => ((((first + k) * 1229) % APART) - APART / 2) / 16,
};

/** Numbers of a domain, `size` of them. */
function numbersOf(domain: Domain, size: number, random: () => number): number[] {
  if (typeof domain !== "string")
    return Array.from({ length: size }, () => Math.floor(random() * domain.below));
  const first = Math.floor(random() * APART);
  return Array.from({ length: size }, (_, k) => domains[domain](random, k, first));
}

/** Where the operands of a form come from. */
class Sources {
  readonly feeds: Record<string, HostTensor> = {};
  readonly weights: Record<string, HostTensor> = {};
  private readonly random: () => number;

  constructor(
    readonly builder: ProgramBuilder,
    private readonly batch: number,
    seed: number,
  ) {
    this.random = generator(seed);
  }

  input(name: string, { dtype, shape, domain }: OperandForm): Value {
    this.feeds[name] = this.filled({ dtype, shape, domain });
    return this.builder.input(name, { dtype, shape });
  }

  /** An operand by itself: fed, or where its size is known a weight or a constant, by turns. */
  plain(name: string, operand: OperandForm, turn: number): Value {
    const known = operand.shape.every((dim) => typeof dim === "number");
    if (!known || turn % 3 === 0) return this.input(name, operand);
    const { dtype, shape, data } = this.filled(operand);
    if (turn % 3 === 1) return this.builder.block.constant([...data], shape, dtype);
    this.weights[name] = { dtype, shape, data } as HostTensor;
    return this.builder.param(name, shape, dtype);
  }

  private filled({ dtype, shape, domain }: OperandForm): HostTensor {
    const sizes = shape.map((dim) =>
      typeof dim === "number" ? dim : dim === "batch" ? this.batch : lengths[dim]!,
    );
    const size = sizes.reduce((a, b) => a * b, 1);
    return tensor(numbersOf(domain, size, this.random), sizes, dtype);
  }
}

const along = (axis: string, operand: OperandForm): OperandForm => ({
  ...operand,
  shape: [axis as Dim, ...operand.shape],
});

/**
 * A form at each step of a scan. Its operands come by turns from the sequence, from the step before, and from
 * outside; `apply` puts the form on them.
 */
function scanned(
  sources: Sources,
  name: string,
  { operands }: PrimitiveForm,
  turn: number,
  reverse: boolean,
  apply: (b: Block, operands: readonly Value[]) => Value,
): Value {
  // A scan has a sequence, whether or not an operand is one.
  const clock = sources.input(
    `${name} clock`,
    along(STEPS, { dtype: "float32", shape: [], domain: "whole" }),
  );
  const kinds = operands.map((_, k) => (["sequence", "carry", "capture"] as const)[(turn + k) % 3]!);
  const of = (kind: (typeof kinds)[number]): number[] =>
    operands.flatMap((_, k) => (kinds[k] === kind ? [k] : []));
  const [sequences, carries, captures] = [of("sequence"), of("carry"), of("capture")];
  const label = (k: number, what: string): string => `${name} ${what} ${k}`;
  const { stacked } = sources.builder.block.scan(
    {
      carries: carries.map((k) => sources.plain(label(k, "start"), operands[k]!, turn + k)),
      // What is carried from step to step comes along beside.
      sequences: [
        clock,
        ...sequences.map((k) => sources.input(label(k, "sequence"), along(STEPS, operands[k]!))),
        ...carries.map((k) => sources.input(label(k, "next"), along(STEPS, operands[k]!))),
      ],
      captures: captures.map((k) => sources.plain(label(k, "outside"), operands[k]!, turn + k)),
      reverse,
    },
    (b, carried, [, ...elements], captured) => {
      const values = operands.map((_, k) => {
        const [s, c, o] = [sequences.indexOf(k), carries.indexOf(k), captures.indexOf(k)];
        return s >= 0 ? elements[s]! : c >= 0 ? carried[c]! : captured[o]!;
      });
      return { carries: elements.slice(sequences.length), stacked: [apply(b, values)] };
    },
  );
  return stacked[0]!;
}

/**
 * A form at each step of a scan within a step. Its first operand, if any, is that of the step before, so that
 * it shows which way the inner one runs.
 */
function scannedWithin(sources: Sources, name: string, form: PrimitiveForm, turn: number): Value {
  const [first, ...rest] = form.operands;
  const clock: OperandForm = { dtype: "float32", shape: [], domain: "whole" };
  const swept = first ?? clock;
  const outer: PrimitiveForm = { ...form, operands: [along(WITHIN, swept), swept, ...rest] };
  return scanned(sources, name, outer, turn, false, (b, [sequence, start, ...others]) => {
    const { stacked } = b.scan(
      { carries: [start!], sequences: [sequence!], captures: others, reverse: turn % 2 === 1 },
      (inner, [before], [element], captured) => ({
        carries: [element!],
        stacked: [form.apply(inner, first ? [before!, ...captured] : [])],
      }),
    );
    return stacked[0]!;
  });
}

/** The program of a case. */
export function primitiveProgram({ op, place, batch, seed }: PrimitiveCase): GivenProgram {
  const builder = new ProgramBuilder(`${op} in a ${place}`);
  const sources = new Sources(builder, batch, seed);
  const forms = place === "long axes" ? longForms[op] : primitiveForms[op];
  forms.forEach((form, k) => {
    const turn = seed + k;
    const name = `${op} ${k}`;
    const result =
      place === "program" || place === "long axes"
        ? form.apply(
            builder.block,
            form.operands.map((operand, n) => sources.plain(`${name} operand ${n}`, operand, turn + n)),
          )
        : place === "scan in a scan"
          ? scannedWithin(sources, name, form, turn)
          : scanned(sources, name, form, turn, place === "reversed scan", form.apply);
    builder.output(`${form.label}, number ${k}`, result);
  });
  return { program: builder.finish(), feeds: sources.feeds, weights: sources.weights };
}

/** Every primitive at every place. */
export const primitiveCases: readonly Pick<PrimitiveCase, "op" | "place">[] = primitiveNames.flatMap((op) =>
  primitivePlaces.map((place) => ({ op, place })),
);
