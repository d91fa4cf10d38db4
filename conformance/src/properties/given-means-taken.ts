import { type Adapter, type HostTensor, lower } from "@unroll/api";
import { allocate, legalize, type Program, sizeOf } from "@unroll/api/adapter";
import { type Case, describeCase, inputsOf, optionsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { holdBitwise, type Results, resultsOf, withModel } from "./judge.js";
import { exactOutcome, type Property } from "./property.js";

type Feeds = Readonly<Record<string, HostTensor>>;

/** Elements before a view in its buffer. */
const OFFSET = 3;

/** The same tensor as a view of a larger buffer, whose other elements are 1. */
function asView({ dtype, shape, data }: HostTensor): HostTensor {
  const larger = allocate(dtype, data.length + 2 * OFFSET).fill(1);
  larger.set(data, OFFSET);
  return { dtype, shape: [...shape], data: larger.subarray(OFFSET, OFFSET + data.length) } as HostTensor;
}

const views = (feeds: Feeds): Record<string, HostTensor> =>
  Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, asView(feed)]));

/** Writes over what was given; 0 is an id that every table has. */
const spoil = (feeds: Feeds): void => Object.values(feeds).forEach(({ data }) => void data.fill(0));

/** The inputs of a case's program, its states half everywhere. */
const feedsOf = (given: Case, { inputs }: Program): Feeds =>
  Object.fromEntries(
    inputs.map(({ name, type }) => {
      const own = (inputsOf(given) as Feeds)[name];
      if (own) return [name, own];
      const shape = type.shape.map((dim) => (dim === "batch" ? given.batch : (dim as number)));
      const { dtype } = type;
      return [name, { dtype, shape, data: allocate(dtype, sizeOf(shape)).fill(0.5) } as HostTensor];
    }),
  );

/** What an engine makes of feeds that are written over between the end of the run and the first look. */
async function held(given: Case, adapter: Adapter): Promise<void> {
  const program = legalize(lower(given.spec, { mode: "sequence" }), adapter);
  const executable = await adapter.compile(program, given.weights);
  const run = async (feeds: Feeds, then: (feeds: Feeds) => void): Promise<Results> => {
    const results = await executable.run(feeds);
    then(feeds);
    const read: [string, HostTensor][] = [];
    for (const [name, result] of Object.entries(results)) {
      read.push([name, await result.read()]);
      result.dispose();
    }
    return Object.fromEntries(read);
  };
  try {
    const feeds = feedsOf(given, program);
    const want = await run(feeds, () => undefined);
    holdBitwise("a run whose feeds were views, written over after it", await run(views(feeds), spoil), want);
  } finally {
    executable.dispose();
  }
}

export const givenMeansTaken: Property<Case> = {
  id: "given-means-taken",
  title: "what a call was given may be written over when it returns, and an engine's feeds when the run ends",
  rules: ["purity"],
  share: 0.5,
  arbitrary: () => cases(),
  describe: describeCase,
  async check(given, { adapter }) {
    await withModel(given, adapter, async (model) => {
      const want = await resultsOf(await model.sequence(inputsOf(given), optionsOf(given)));
      const late = views(inputsOf(given) as Feeds);
      const run = model.sequence(late, optionsOf(given));
      spoil(late);
      holdBitwise("a sequence whose input was written over meanwhile", await resultsOf(await run), want);
    });
    await held(given, adapter);
    return exactOutcome;
  },
};
