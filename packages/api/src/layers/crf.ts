import { along } from "../program/primitives/along.js";
import { rows } from "../program/primitives/rows.js";
import { crfDecode, crfPartition, crfPathScore } from "./crf-recursions.js";
import type { LayerDefinition, Wiring } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { STEPS, type ValueInfo } from "./value-info.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** How well each tag suits each step by itself (emissions, unary potentials): [batch, time, tags]. */
  input: { kind: "value" },
  /** How many tags there are. */
  tags: { kind: "count" },
  /**
   * Whether the first and the last tag of a row are scored too, by the weights `start` and `end`. Default
   * true, as pytorch-crf has it; TensorFlow's CRF has transitions alone.
   */
  boundaries: { kind: "oneOf", of: [true, false], default: true },
  /**
   * A path whose log-likelihood is wanted: int32 tags along the input's time axis, [batch, time]. Default
   * null, none.
   */
  path: { kind: "value", nullable: true, default: null },
} as const satisfies Fields;

/**
 * Linear-chain conditional random field, semantics rule `crf` (Lafferty, McCallum and Pereira, ICML 2001).
 * Its output is each row's best path, int32 [batch, time]: tags from 0, by Viterbi's algorithm, the lower tag
 * of equals, and 0 at steps that are not real. `name.score` [batch] is that path's score,
 * `name.logPartition` [batch] the logarithm of the sum of e^score over all paths, and where a `path` is given
 * `name.logLikelihood` [batch] its score less that. Nothing is computed that nobody reads.
 *
 * Weights: `transitions` [tags, tags], from tag to tag; with `boundaries` `start` [tags] and `end` [tags]. A
 * weight of -Infinity forbids.
 */
export interface CrfSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "crf";
}

function wire({ input, tags, path }: CrfSpec, wiring: Wiring): void {
  const { dtype, axis, shape } = wiring.read(input, "input");
  if (dtype !== "float32" || axis === null || shape.join() !== `${tags}`)
    wiring.refuse(
      "input",
      `a float32 sequence of ${tags} scores, one for each of the layer's tags`,
      input,
      "a dense layer makes them",
    );
  if (path === null) return;
  const given: ValueInfo = wiring.read(path, "path");
  if (given.dtype !== "int32" || given.axis !== axis || given.shape.length > 0)
    wiring.refuse(
      "path",
      `int32 tags along "${axis}", one a step`,
      path,
      "declare an input int32 of shape []",
    );
  if (given.ids !== undefined && given.ids > tags)
    wiring.refuse("path", `tags below ${tags}`, `${given.ids} of them`, "make the two layers agree");
}

/**
 * Linear-chain conditional random field. Defaults: with scores for the first and last tag, without a path to
 * judge.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const crf = (options: OptionsOf<typeof fields>): CrfSpec => layerOf(crfDefinition, options);

/** Definition of the conditional random field, for a kit of `@unroll/api/core`. */
export const crfDefinition = {
  type: "crf",
  fields,
  wire,
  values({ input, tags, path }, around) {
    const { axis } = around.value(input);
    const one: ValueInfo = { dtype: "float32", axis: null, shape: [] };
    return [
      ["", { dtype: "int32", axis, shape: [], ids: tags }],
      [".score", one],
      [".logPartition", one],
      ...(path === null ? [] : [[".logLikelihood", one] as const]),
    ];
  },
  weights: ({ tags, boundaries }) => [
    { name: "transitions", shape: [tags, tags] },
    ...(boundaries ? ["start", "end"].map((name) => ({ name, shape: [tags] })) : []),
  ],
  ids: ({ path, tags }) => (path === null ? null : { ref: path, rows: tags }),
  primitives: { ...along, ...rows },
  whyNotSteppable: ({ name, input }, around) =>
    around.value(input).axis === STEPS ? `crf "${name}" looks at all of "${STEPS}"` : null,
  lower({ input, path }, { b, read, wanted, value: info, extent, weights }) {
    const emissions = read(input);
    const given = { ...weights, ...extent(info(input).axis) };
    const judges = wanted(".logLikelihood");
    const partition = judges || wanted(".logPartition") ? crfPartition(b, emissions, given) : undefined;
    const best = wanted("") || wanted(".score") ? crfDecode(b, emissions, given) : undefined;
    return {
      outputs: {
        ...(best && { "": best.path, ".score": best.score }),
        ...(partition && { ".logPartition": partition }),
        ...(judges && {
          ".logLikelihood": b.sub(crfPathScore(b, emissions, read(path!), given), partition!),
        }),
      },
      state: {},
    };
  },
} as const satisfies LayerDefinition<CrfSpec>;
