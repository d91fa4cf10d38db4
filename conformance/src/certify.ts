import { type Adapter, builtin, type Capabilities, isUnrollError, unrollError } from "@unroll/api";
import { programToJson } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { type Case } from "./cases/case.js";
import type { GivenProgram } from "./cases/programs.js";
import { type Dialect, dialects as knownDialects } from "./dialects.js";
import { properties as all } from "./properties/index.js";
import { type Numbers, numbersOf } from "./report/numbers.js";
import { type SupportEntry, supportOf } from "./report/support.js";
import { Tally } from "./report/tally.js";
import { heldToPromises } from "./properties/promises.js";
import { type Property, type Subject, Violation } from "./properties/property.js";

/** How {@link certify} runs. */
export interface CertifyOptions {
  /** Of every draw; the same seed draws the same cases. Default: from the clock, and in the report. */
  readonly seed?: number;
  /** Runs of each property in each form; default 100. */
  readonly runs?: number;
  /** Only properties whose id contains this, or these by their whole ids. */
  readonly only?: string | readonly string[];
  /** Whether a counterexample is made small. Default true; false only tells that there is one. */
  readonly shrink?: boolean;
  /** Forms to run: the engine as it is, and with every composite expanded. Default both. */
  readonly forms?: readonly Form[];
  /** Another engine, for states to move to. Default: a builtin one. */
  readonly partner?: Adapter;
  /**
   * Counts what the engine holds; what is freed is gone within half a second. Without it the property
   * `nothing-stays-alive` is unsupported.
   */
  readonly alive?: () => number;
  /**
   * Weight layouts that the property `weights-survive` goes through. Default: PyTorch's, Keras's and ONNX's.
   */
  readonly dialects?: readonly Dialect[];
  /** Replays one counterexample: its seed is `seed`, and this is its path. */
  readonly path?: string;
  /**
   * Called before each case: the `property` by id, the `form`, and how many `runs` `of` all of the suite
   * there were before it.
   */
  readonly onProgress?: (done: {
    readonly property: string;
    readonly form: Form;
    readonly runs: number;
    readonly of: number;
  }) => void;
  /** Ends the suite where it is; `certify` throws its reason. */
  readonly signal?: AbortSignal;
}

/** How the engine is run: as it is, or with every composite replaced by its decomposition. */
export type Form = "as is" | "expanded";

/** The smallest case found in which a property does not hold. */
export interface Counterexample {
  /** With `path`, draws the case again. */
  readonly seed: number;
  /** Where the case lies among those of its seed; `certify` takes it back. */
  readonly path: string;
  /** The case in one line. */
  readonly case: string;
  /** The model, a spec or a program, as JSON. */
  readonly spec: unknown;
  /** Shape of every tensor that goes in, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Every number that goes in, by name; null where there are too many to look at. */
  readonly numbers: Readonly<Record<string, Numbers>> | null;
  /** First element that is wrong, row-major; null where no element is to blame. */
  readonly firstBadIndex: number | null;
  /** What the engine has there; NaN and infinity as text. */
  readonly got: number | string | null;
  /** What is true there. */
  readonly want: number | string | null;
  /** How far from it an honest engine may be. */
  readonly bound: number | string | null;
}

/** How one property came out in one form. */
export interface PropertyReport {
  /** Stable, e.g. `step-equals-sequence`. */
  readonly id: string;
  /** The property as a sentence. */
  readonly title: string;
  /** Ids of the rules in docs/semantics.md that it checks. */
  readonly rules: readonly string[];
  /** How the engine was run. */
  readonly form: Form;
  /** `unsupported` where the engine could run none of its cases. */
  readonly status: "passed" | "failed" | "unsupported";
  /** Cases that said something. */
  readonly runs: number;
  /** How long its cases took, in milliseconds. */
  readonly milliseconds: number;
  /** Cases that were drawn and said nothing, or that the engine does not claim. */
  readonly skipped: number;
  /** Why they were skipped: reason to number of cases. */
  readonly skips: Readonly<Record<string, number>>;
  /** Largest error over its bound, below 1 where all is well; null where results have to be exact. */
  readonly worstErrorOverBound: number | null;
  /** Cases that said something, by the kinds that the property has to meet; none where it has no kinds. */
  readonly met: Readonly<Record<string, number>>;
  /** Error over bound of each case, for histograms: how many fell into each decade below 1, from 1e-6 up. */
  readonly histogram: readonly number[];
  /** Why it failed, or why it is unsupported. */
  readonly reason?: string;
  /** Where it failed, made small. */
  readonly counterexample?: Counterexample;
}

/** What {@link certify} found; plain JSON. */
export interface CertifyReport {
  /** Name of the engine. */
  readonly adapter: string;
  /** Where it computes. */
  readonly device: string;
  /** Version of the engine's library, where the adapter tells it. */
  readonly version: string | null;
  /** What it ran in: `Node.js 20.20.2`, or a browser's user agent. */
  readonly runtime: string;
  /** Draws the same cases again. */
  readonly seed: number;
  /** Cases of each property in each form. */
  readonly runs: number;
  /** One entry for each property and form. */
  readonly properties: readonly PropertyReport[];
  /** What the engine claimed. */
  readonly capabilities: Capabilities;
  /** What it runs and how, layer by layer; null where only some properties were asked for. */
  readonly support: readonly SupportEntry[] | null;
  /**
   * Properties by status (`passed`, `failed`, `unsupported`), and entries of `support` that are `wrong`. An
   * engine is right when nothing failed and nothing is wrong.
   */
  readonly summary: {
    readonly passed: number;
    readonly failed: number;
    readonly unsupported: number;
    readonly wrong: number;
  };
}

/** The engine with every composite expanded. */
export const expanded = (adapter: Adapter): Adapter => ({
  name: adapter.name,
  device: adapter.device,
  ...(adapter.version === undefined ? {} : { version: adapter.version }),
  ...(adapter.start && { start: () => adapter.start!() }),
  capabilities: { ...adapter.capabilities, composites: {} },
  compile: (program, weights) => adapter.compile(program, weights),
  ...(adapter.compileSync
    ? { compileSync: (program, weights) => adapter.compileSync!(program, weights) }
    : {}),
});

/** Properties by their ids or a part of it. @throws UNROLL_ARGUMENT where there is none */
function chosenBy(only: string | readonly string[]): readonly Property[] {
  const chosen = all.filter(({ id }) => (typeof only === "string" ? id.includes(only) : only.includes(id)));
  if (chosen.length === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "certify",
      expected: `a property among ${all.map(({ id }) => id).join(", ")}`,
      got: `"${String(only)}"`,
      cure: "leave it out for all",
      details: { only },
    });
  return chosen;
}

/**
 * Tells with evidence whether an engine computes recurrent networks correctly. Runs in Node and in browsers.
 *
 * @param engine an adapter, or a function that makes one
 * @throws UNROLL_ARGUMENT where `only` names no property
 */
export async function certify(
  engine: Adapter | (() => Adapter | Promise<Adapter>),
  options: CertifyOptions = {},
): Promise<CertifyReport> {
  const { seed = Date.now() % 2 ** 31, runs = 100, only = "", forms = ["as is", "expanded"] } = options;
  const adapter = typeof engine === "function" ? await engine() : engine;
  const work = chosenBy(only).flatMap((property) =>
    (property.primitivesOnly ? forms.slice(0, 1) : forms).map((form) => ({ property, form })),
  );
  const about = { partner: builtin(), alive: null, dialects: knownDialects, ...given(options) };
  const reports: PropertyReport[] = [];
  for (const [done, { property, form }] of work.entries()) {
    options.signal?.throwIfAborted();
    const subject = {
      ...about,
      adapter: heldToPromises(form === "as is" ? adapter : expanded(adapter)),
    };
    const own = Math.max(1, Math.round(runs * (property.share ?? 1)));
    reports.push(await judge({ property, subject, form, seed, runs: own, options, done, of: work.length }));
  }
  reports.sort((a, b) => forms.indexOf(a.form) - forms.indexOf(b.form));
  const support = only.length === 0 ? await supportOf(adapter) : null;
  const wrong = support?.filter(({ how }) => how === "wrong").length ?? 0;
  const count = (status: PropertyReport["status"]): number =>
    reports.filter((one) => one.status === status).length;
  return {
    adapter: adapter.name,
    device: adapter.device,
    version: adapter.version ?? null,
    runtime: runtime(),
    seed,
    runs,
    properties: reports,
    capabilities: adapter.capabilities,
    support,
    summary: { passed: count("passed"), failed: count("failed"), unsupported: count("unsupported"), wrong },
  };
}

/** What of a subject the caller gave. */
const given = ({ partner, alive, dialects }: CertifyOptions): Partial<Subject> => ({
  ...(partner && { partner }),
  ...(alive && { alive }),
  ...(dialects && { dialects }),
});

/** Written without Node's types or a browser's: it is either. */
function runtime(): string {
  const { process, navigator } = globalThis as {
    process?: { versions?: { node?: string } };
    navigator?: { userAgent?: string };
  };
  return process?.versions?.node ? `Node.js ${process.versions.node}` : (navigator?.userAgent ?? "unknown");
}

/** One property of one form of an engine. */
interface Judged {
  readonly property: Property;
  readonly subject: Subject;
  readonly form: Form;
  readonly seed: number;
  readonly runs: number;
  readonly options: CertifyOptions;
  /** How many were judged before it, of how many. */
  readonly done: number;
  readonly of: number;
}

/** Runs one property, its examples first. */
async function judge(judged: Judged): Promise<PropertyReport> {
  const { property, subject, form, seed, runs, options, done, of } = judged;
  const examples = property.examples?.() ?? [];
  const all = examples.length + runs;
  const tally = new Tally(property.classes?.all() ?? []);
  let started = 0;
  const since = performance.now();
  let failure: unknown = null;
  const checked = fc.asyncProperty(property.arbitrary(), async (given) => {
    options.signal?.throwIfAborted();
    options.onProgress?.({
      property: property.id,
      form,
      runs: done * all + Math.min(started++, all),
      of: of * all,
    });
    try {
      tally.note(await property.check(given, subject), property.classes?.of(given) ?? []);
    } catch (error) {
      // What capabilities do not claim is refused before the engine is asked; see heldToPromises.
      if (isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED") return tally.skip(error.message);
      failure = error;
      throw error;
    }
  });
  const result = await fc.check(checked, {
    seed,
    numRuns: all,
    examples: examples.map((example): [unknown] => [example]),
    ...(options.path === undefined ? {} : { path: options.path }),
    endOnFailure: options.shrink === false,
  });
  const about = {
    id: property.id,
    title: property.title,
    rules: property.rules,
    form,
    runs: tally.said,
    milliseconds: Math.round(performance.now() - since),
    skipped: tally.skipped,
    skips: Object.fromEntries(tally.skips),
    met: Object.fromEntries(tally.met),
    worstErrorOverBound: tally.worst,
    histogram: tally.histogram,
  };
  if (!result.failed) {
    // Nothing said is nothing passed.
    const [reason] = [...tally.skips].sort((a, b) => b[1] - a[1])[0] ?? [];
    return tally.said > 0
      ? { ...about, status: "passed" }
      : { ...about, status: "unsupported", reason: reason ?? "no case was drawn" };
  }
  return { ...about, status: "failed", ...failed(judged, result, failure) };
}

/** Why a property failed, and the case that it failed on. */
function failed(
  { property, seed }: Judged,
  result: fc.RunDetails<[unknown]>,
  failure: unknown,
): Pick<PropertyReport, "reason" | "counterexample"> {
  const error = result.errorInstance ?? failure;
  const [given] = (result.counterexample ?? [undefined]) as [unknown];
  const path = result.counterexamplePath ?? "";
  return {
    reason: error instanceof Error ? error.message : String(error),
    ...(given === undefined ? {} : { counterexample: counterexampleOf(property, given, error, seed, path) }),
  };
}

/** JSON has no NaN and no infinity. */
const told = (value: number | undefined): number | string | null =>
  value === undefined ? null : Number.isFinite(value) ? value : String(value);

function counterexampleOf(
  property: Property,
  given: unknown,
  error: unknown,
  seed: number,
  path: string,
): Counterexample {
  const { spec, program, weights, x } = given as Partial<Case & GivenProgram>;
  const details = error instanceof Violation ? error.details : {};
  return {
    seed,
    path,
    case: property.describe(given),
    spec: spec ?? (program ? (JSON.parse(programToJson(program)) as unknown) : null),
    numbers: numbersOf(given as Parameters<typeof numbersOf>[0]),
    shapes: {
      ...(x ? { x: x.shape } : {}),
      ...Object.fromEntries(Object.entries(weights ?? {}).map(([name, weight]) => [name, weight.shape])),
    },
    firstBadIndex: details.firstBadIndex ?? null,
    got: told(details.got),
    want: told(details.want),
    bound: told(details.bound),
  };
}
