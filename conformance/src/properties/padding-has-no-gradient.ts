import type { HostTensor } from "@unroll/api";
import { type Executable, prepare } from "@unroll/api/adapter";
import { gradientName } from "@unroll/api/gradient";
import { type Case, describeCase, SOURCE } from "../cases/case.js";
import { type GradientCase, gradientCases } from "../cases/gradient-cases.js";
import { lowered } from "../cases/lowered.js";
import { differentiated } from "./gradient-truth.js";
import { holdBitwise, type Results } from "./judge.js";
import { exactOutcome, type Property, skip, Violation } from "./property.js";
import { inPadding, type Padded, refilled } from "./refilled.js";

/** Holds the gradient by a sequence [batch, time, ...] against zero wherever a step is not real. */
function holdZero(name: string, { data }: HostTensor, sequence: Padded): void {
  const padding = inPadding(sequence);
  const at = data.findIndex((value: number, k: number) => value !== 0 && padding(k));
  if (at >= 0)
    throw new Violation(name, "0 in padding", { firstBadIndex: at, got: data[at]!, want: 0, bound: 0 });
}

async function read(executable: Executable, feeds: Readonly<Record<string, HostTensor>>): Promise<Results> {
  const results: Record<string, HostTensor> = {};
  for (const [name, result] of Object.entries(await executable.run(feeds))) {
    results[name] = await result.read();
    result.dispose();
  }
  return results;
}

export const paddingHasNoGradient: Property<GradientCase> = {
  id: "padding-has-no-gradient",
  title: "padding gets no gradient and gives none, whatever it holds, NaN and infinity included",
  rules: ["gradient", "masked-state", "R9"],
  share: 0.1,
  arbitrary: () =>
    // The mean where all is masked is one over the padding, by its name.
    gradientCases({ depth: 1 }).filter(
      ({ spec, x, lengths, mask, memory }) =>
        x.dtype === "float32" &&
        [lengths, mask, memory?.lengths, memory?.mask].some((one) => one != null) &&
        !spec.layers.some((layer) => "emptyRows" in layer && layer.emptyRows === "mean"),
    ),
  describe: describeCase,
  async check(given, { adapter }) {
    const { extents, ...program } = lowered(given);
    const { gradient } = differentiated(program, given.direction, extents);
    if (!gradient) return skip("nothing of it has a gradient");
    const [{ name }] = given.spec.inputs as [Case["spec"]["inputs"][number]];
    const sequences: readonly (readonly [string, Padded])[] = [
      [name, given],
      ...(given.memory ? [[SOURCE, given.memory] as const] : []),
    ];
    const executable = await prepare(adapter, gradient.program, gradient.weights);
    try {
      const clean = await read(executable, gradient.feeds);
      for (const [input, sequence] of sequences)
        holdZero(gradientName(input), clean[gradientName(input)]!, sequence);
      for (const filling of [NaN, -Infinity]) {
        const others = sequences.map(([input, sequence]) => [input, refilled(sequence, filling)] as const);
        const feeds = { ...gradient.feeds, ...Object.fromEntries(others) };
        holdBitwise(`padding of ${filling}`, await read(executable, feeds), clean);
      }
    } finally {
      executable.dispose();
    }
    return exactOutcome;
  },
};
