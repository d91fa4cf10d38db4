import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import type { Named, Program } from "../contract/program.js";
import { shown } from "../contract/shown.js";
import { gradient, gradientName } from "../gradient/gradient.js";
import type { Block, Value } from "../program/builder.js";
import { inline } from "../program/inline.js";
import { ProgramBuilder } from "../program/program-builder.js";
import type { RowEnds } from "../program/runnable.js";
import { type Clipping, clipped } from "./clipping.js";
import type { Loss } from "./losses.js";
import { outputName, scalarName, shareName, slotName, targetName } from "./names.js";
import { checkedNumber } from "./numbers.js";
import { scalarSum } from "./scalar-sum.js";
import type { UpdateRule } from "./update-rule.js";

/** A loss of one of a program's outputs. */
export interface Objective {
  /** The output, [..., features]. */
  readonly of: string;
  /** What it costs. */
  readonly loss: Loss;
}

/** What the size of a weight costs: l1 Σ|w| + l2 Σw², beside what outputs cost. */
export interface Penalty {
  /** The weight, a param of the program. */
  readonly of: string;
  /** What its absolute values cost. Default 0. */
  readonly l1?: number;
  /** What its squares cost. Default 0. */
  readonly l2?: number;
}

/**
 * The program of a model's loss: its inputs are the model's, its weights among them (so that they can stay on
 * an engine from step to step), a target for each objective and what each row counts: a mean over n rows is
 * shares of 1 / n. Its outputs are `loss`, [], and those of the model.
 *
 * @throws UNROLL_ARGUMENT for an objective of no output and a penalty of no weight, UNROLL_SHAPE for an
 *   output without features, UNROLL_PROGRAM where a weight and an input have one name
 */
export function lossProgram(
  model: Program,
  objectives: readonly Objective[],
  penalties: readonly Penalty[] = [],
): Program {
  const builder = new ProgramBuilder(`loss of ${model.name}`);
  const b = builder.block;
  const given: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const { name, type } of [...model.params, ...model.inputs]) given[name] = builder.input(name, type);
  const outputs = inline(b, model, given);
  const losses = objectives.map(({ of, loss }) => {
    const prediction = Object.hasOwn(outputs, of) ? outputs[of]! : refuseOutput(model, of);
    const { dtype, shape } = prediction.type;
    if (dtype !== "float32" || typeof shape.at(-1) !== "number")
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `loss of program "${model.name}"`,
        expected: `output "${of}" to be float32 [..., features]`,
        got: `${dtype} [${shape.join(", ")}]`,
        cure: "losses are over features: give the model an output that has them",
      });
    const rows = shape.slice(0, -1);
    const target = builder.input(targetName(of), {
      dtype: loss.target,
      shape: loss.target === "int32" ? rows : shape,
    });
    const share = builder.input(shareName(of), { dtype: "float32", shape: rows });
    return scalarSum(b, b.mul(loss.append(b, prediction, target), share));
  });
  if (losses.length === 0) refuseOutput(model, undefined);
  for (const penalty of penalties) losses.push(...penaltyTerms(b, model, given, penalty));
  builder.output(
    "loss",
    losses.reduce((sum, one) => b.add(sum, one)),
  );
  for (const { name } of model.outputs) builder.output(outputName(name), outputs[name]!);
  return builder.finish();
}

function penaltyTerms(
  b: Block,
  model: Program,
  given: Readonly<Record<string, Value>>,
  { of, l1 = 0, l2 = 0 }: Penalty,
): Value[] {
  const place = `loss of program "${model.name}"`;
  if (!model.params.some(({ name }) => name === of))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `penalties of ${model.params.map(({ name }) => name).join(", ") || "no weight"}`,
      got: shown(of),
      cure: "name a weight of the model",
    });
  const weight = given[of]!;
  const term = (factor: number, value: () => Value): Value[] =>
    factor === 0 ? [] : [b.mul(scalarSum(b, value()), b.constant(checkedNumber(place, "a penalty", factor)))];
  return [...term(l1, () => b.abs(weight)), ...term(l2, () => b.mul(weight, weight))];
}

function refuseOutput(model: Program, of: string | undefined): never {
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: `loss of program "${model.name}"`,
    expected: `objectives of ${model.outputs.map(({ name }) => name).join(", ")}`,
    got: of === undefined ? "none" : `"${of}"`,
    cure: "name an output of the model",
  });
}

/** What a step of training is made of. */
export interface TrainProgramOptions {
  /** What is made small: the sum of these. */
  readonly objectives: readonly Objective[];
  /** Names of the weights that are trained. */
  readonly trained: readonly string[];
  /** How weights change. */
  readonly rule: UpdateRule;
  /** How gradients are kept small. Default: not. */
  readonly clipping?: Clipping;
  /** How rows end along each time axis, as the model's program was made with. Default: none. */
  readonly extents?: RowEnds;
  /** What weights cost by themselves, beside the objectives. Default: nothing. */
  readonly penalties?: readonly Penalty[];
  /** Outputs of the model that are returned too, as `output.NAME`. Default: none. */
  readonly outputs?: readonly string[];
}

const optionNames: readonly (keyof TrainProgramOptions)[] = [
  "objectives",
  "trained",
  "rule",
  "clipping",
  "extents",
  "penalties",
  "outputs",
];

/**
 * The program of one step of training: inputs as of {@link lossProgram}, and for each trained weight what the
 * rule keeps, `slot.SLOT.WEIGHT`, and the rule's numbers of the step, `step.NAME` []. Its outputs are `loss`,
 * [], before the step, each trained weight under its name after it, and each slot under its input's name.
 *
 * @throws as {@link lossProgram} and `gradient`: UNROLL_ARGUMENT for a weight that does not reach the loss
 */
export function trainProgram(model: Program, options: TrainProgramOptions): Program {
  const place = `training of program "${model.name}"`;
  knownOptions(place, options, optionNames);
  const { objectives, trained, rule, clipping, extents, penalties, outputs = [] } = options;
  const stray = trained.find((name) => !model.params.some((param) => param.name === name));
  if (stray !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `trained weights of ${model.params.map(({ name }) => name).join(", ") || "none"}`,
      got: shown(stray),
      cure: "name weights of the model",
    });
  const whole = gradient(lossProgram(model, objectives, penalties), {
    of: "loss",
    withRespectTo: trained,
    outputs: ["loss", ...outputs.map((name) => outputName(name))],
    ...(extents && { extents }),
  });
  const builder = new ProgramBuilder(`training of ${model.name}`);
  const b = builder.block;
  const given: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const { name, type } of whole.inputs) given[name] = builder.input(name, type);
  const scalars = scalarInputs(builder, rule);
  const results = inline(b, whole, given);
  for (const { name } of whole.outputs)
    if (!name.startsWith("gradient.")) builder.output(name, results[name]!);
  appendSteps(
    builder,
    rule,
    clipping,
    scalars,
    trained.map((name) => ({
      name,
      weight: given[name]!,
      gradient: results[gradientName(name)]!,
    })),
  );
  return builder.finish();
}

/**
 * The program of a rule's step alone, for whoever has gradients already: inputs are each weight by name, its
 * gradient under `gradient.NAME`, slots and scalars as of {@link trainProgram}, whose outputs it has but the
 * loss.
 *
 * @param weights by name, with their types
 */
export function updateProgram(
  weights: readonly Pick<Named, "name" | "type">[],
  rule: UpdateRule,
  clipping?: Clipping,
): Program {
  const builder = new ProgramBuilder(rule.name);
  const scalars = scalarInputs(builder, rule);
  const given = weights.map(({ name, type }) => builder.input(name, type));
  const gradients = weights.map(({ name, type }) => builder.input(gradientName(name), type));
  appendSteps(
    builder,
    rule,
    clipping,
    scalars,
    weights.map(({ name }, k) => ({
      name,
      weight: given[k]!,
      gradient: gradients[k]!,
    })),
  );
  return builder.finish();
}

/** Inputs for a rule's numbers of a step. */
const scalarInputs = (builder: ProgramBuilder, rule: UpdateRule): Record<string, Value> =>
  Object.fromEntries(
    Object.keys(rule.scalars(1, 1)).map((name) => [
      name,
      builder.input(scalarName(name), { dtype: "float32", shape: [] }),
    ]),
  );

/** Appends a rule's step of each weight, with slots as inputs; new weights and slots are outputs. */
function appendSteps(
  builder: ProgramBuilder,
  rule: UpdateRule,
  clipping: Clipping | undefined,
  scalars: Record<string, Value>,
  weights: readonly { readonly name: string; readonly weight: Value; readonly gradient: Value }[],
): void {
  const b = builder.block;
  const gradients = weights.map(({ gradient: own }) => own);
  const kept = clipping ? clipped(b, gradients, clipping) : gradients;
  const slots = Object.keys(rule.slots);
  weights.forEach(({ name, weight }, k) => {
    const next = rule.append(b, {
      weight,
      gradient: kept[k]!,
      slots: Object.fromEntries(
        slots.map((slot) => [slot, builder.input(slotName(name, slot), weight.type)]),
      ),
      scalars,
    });
    builder.output(name, next.weight);
    for (const slot of slots) builder.output(slotName(name, slot), next.slots[slot]!);
  });
}
