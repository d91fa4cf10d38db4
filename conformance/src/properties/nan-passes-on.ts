import { lower } from "@unroll/api";
import { legalize } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { type Case, describeCase, mapState, runOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { evaluate } from "../oracle/evaluate.js";
import { withoutUndecided } from "../tolerance/bounds.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, whole, withModel } from "./judge.js";
import { type Property, skip, type Subject } from "./property.js";

/** Composites of a case that the engine runs its own way and says it loses a NaN in. */
function losing({ spec, lengths, mask }: Case, { adapter }: Subject): string[] {
  const { composites } = adapter.capabilities;
  const own = legalize(
    lower(spec, { mode: "sequence", extents: lengths ? { time: "lengths" } : mask ? { time: "mask" } : {} }),
    adapter,
  )
    .nodes.filter((node) => node.kind === "composite")
    .map(({ op }) => op);
  return [...new Set(own)].filter((op) => composites[op]?.losesNaN === true);
}

/** Far enough out to saturate as infinity does. */
const FAR = 1e30;
const tame = (value: number): number => (Number.isNaN(value) ? 0.5 : Math.min(FAR, Math.max(-FAR, value)));

/**
 * The case with numbers where it is not finite. What is no NaN is the same in both, so the bound of this one
 * holds.
 */
const tamed = (given: Case): Case => ({
  ...given,
  x: { ...given.x, data: given.x.data.map(tame) } as Case["x"],
  state:
    given.state && mapState(given.state, (part) => ({ ...part, data: part.data.map(tame) }) as typeof part),
});

/**
 * Cases in which one step of one row, or that row's initial state, is NaN; where activations hold it in, or
 * infinite.
 */
const spoiled = (): fc.Arbitrary<Case> =>
  fc.constantFrom(NaN, Infinity, -Infinity).chain((filling) =>
    fc
      .record({
        given: cases({ bounded: !Number.isNaN(filling) }).filter(
          ({ spec }) => spec.inputs[0]!.dtype === "float32",
        ),
        row: fc.nat({ max: 4 }),
        step: fc.nat({ max: 80 }),
        inState: Number.isNaN(filling) ? fc.boolean() : fc.constant(false),
      })
      .map(({ given, row, step, inState }): Case => {
        const at = row % given.batch;
        if (inState && given.state) {
          return {
            ...given,
            state: mapState(
              given.state,
              (part) =>
                ({
                  ...part,
                  data: part.data.map((value, k) =>
                    Math.floor((k * given.batch) / part.data.length) === at ? filling : value,
                  ),
                }) as typeof part,
            ),
          };
        }
        const size = given.x.data.length / given.batch / given.time;
        const data = given.x.data.slice() as Float32Array;
        data.fill(
          filling,
          (at * given.time + (step % given.time)) * size,
          (at * given.time + (step % given.time) + 1) * size,
        );
        return { ...given, x: { ...given.x, data } as Case["x"] };
      }),
  );

export const nanPassesOn: Property<Case> = {
  id: "nan-passes-on",
  title: "NaN reaches the results that depend on it and no others, and infinity saturates",
  rules: ["activation", "batch", "masked-state", "R9"],
  arbitrary: spoiled,
  describe: describeCase,
  async check(given, subject) {
    if (subject.adapter.capabilities.losesNaN)
      return skip("the engine says that any of its operations may lose a NaN");
    const lost = losing(given, subject);
    if (lost.length > 0)
      return skip(
        `the engine says that its own ${lost.join(" and ")} may lose a NaN; expanded, it passes it on`,
      );
    const { precision } = subject.adapter.capabilities;
    const { bounds, exact } = derived(tamed(given), precision);
    if (!informative({ bounds, exact }, precision)) return skip("bound too wide");
    const spoilt = evaluate(given.spec, given.weights, runOf(given));
    return withModel(given, subject.adapter, async (model) => ({
      errorOverBound: holdAgainst("with a NaN or an infinity", await whole(model, given), {
        exact: spoilt,
        bounds: withoutUndecided(bounds, spoilt),
      }),
    }));
  },
};
