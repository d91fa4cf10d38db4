import { describeCase } from "../cases/case.js";
import { type GradientCase, gradientCases, knownGradients } from "../cases/gradient-cases.js";
import { lowered } from "../cases/lowered.js";
import type { GivenProgram } from "../cases/programs.js";
import { decided } from "./decided.js";
import { type Differentiated, differentiated, dot } from "./gradient-truth.js";
import { deriveProgramBounds, heldProgram, type ProgramBounds } from "./hold-program.js";
import { informative } from "./judge.js";
import { type Outcome, type Property, skip, type Subject, Violation } from "./property.js";

/** Bounds are sampled so often; a way back costs several of those forward. */
const SAMPLES = 8;

/** Names of what a gradient is by, from those of the program's results. */
const PREFIX = "gradient.";

type Precision = Subject["adapter"]["capabilities"]["precision"];

/** A gradient to run, what dual numbers say of it, and its truth in each precision that was asked for. */
interface Truth extends Differentiated {
  readonly settled: boolean;
  readonly derived: Map<Precision, ProgramBounds>;
}

/** Known cases are the same in every form, and for every engine. */
const kept = new WeakMap<GradientCase, Truth>();

function truthOf(given: GradientCase): Truth {
  let found = kept.get(given);
  if (!found) {
    const made = differentiated(lowered(given), given.direction);
    const settled = made.gradient !== null && decided(made.gradient, true);
    kept.set(given, (found = { ...made, settled, derived: new Map() }));
  }
  return found;
}

function boundsOf({ derived }: Truth, gradient: GivenProgram, precision: Precision): ProgramBounds {
  let found = derived.get(precision);
  if (!found) derived.set(precision, (found = deriveProgramBounds(gradient, precision, {}, SAMPLES)));
  return found;
}

export const gradientsEqualDualNumbers: Property<GradientCase> = {
  id: "gradients-equal-dual-numbers",
  title: "gradients of a whole sequence, each run anew, are those of dual numbers in float64",
  rules: ["gradient", "masked-state", "R1"],
  share: 0.05,
  arbitrary: () => gradientCases(),
  examples: () => knownGradients,
  describe: ({ direction, ...given }) => `${describeCase(given)}; direction ${direction}`,
  async check(given, { adapter }): Promise<Outcome> {
    const { precision } = adapter.capabilities;
    const truth = truthOf(given);
    const { gradient, direction, byDual } = truth;
    if (!gradient) return skip("nothing of it has a gradient");
    if (!truth.settled) return skip("a comparison that rounding decides");
    const derived = boundsOf(truth, gradient, precision);
    const { exact, bounds } = derived;
    const said = { exact: { outputs: exact, state: {} }, bounds: { outputs: bounds, state: {} } };
    // Noise on a whole number that is rounded down may count one step less, and bounds are NaN.
    if (!informative(said, precision)) return skip("bound too wide");
    // Sums that a run leaves behind would be in those of the next.
    const { worst, got } = await heldProgram(gradient, adapter, () => derived, 2);
    // The program itself may be wrong: dual numbers know nothing of its rules.
    let [along, bound] = [0, 0];
    for (const [name, one] of Object.entries(got)) {
      const towards = direction.get(name.slice(PREFIX.length))!;
      along += dot(one, towards);
      bound += dot(bounds[name]!, { data: towards.data.map(Math.abs) });
    }
    const error = Math.abs(along - byDual);
    if (!(error <= bound))
      throw new Violation("the gradient in a direction", `${byDual} within ${bound.toExponential(2)}`, {
        firstBadIndex: 0,
        got: along,
        want: byDual,
        bound,
      });
    return { errorOverBound: Math.max(worst, bound === 0 ? 0 : error / bound) };
  },
};
