import { type Adapter, builtin, type HostTensor, unrollError } from "@unroll/api";
import { knownOptions } from "@unroll/api/adapter";
import { type nn, tensor } from "@unroll/api/torch";
import type { Float64Tensor } from "../oracle/evaluate.js";
import { compareWithBound } from "../tolerance/compare.js";
import { boundsOfCalls, type LeafTruth, recordedBound } from "./port-bounds.js";
import { type PortRecord, readPortRecord, type RecordedCall } from "./port-record.js";
import { argumentsOf, type Leaf, leavesOf, OtherForm } from "./port-values.js";

/** A port: a module, a class of modules whose constructor takes nothing, or a function that makes one. */
export type Port = nn.Module | (new () => nn.Module) | (() => nn.Module | Promise<nn.Module>);

/** Options of `verifyPort`. */
export interface VerifyPortOptions {
  /** Engines for `run`, by the names that the report has for them, or as a list. Default the builtin one. */
  readonly adapters?: readonly Adapter[] | Readonly<Record<string, Adapter>>;
}

/** The first place where a port is off. */
export interface PortDifference {
  /** Where in what the call returns: `[1][0]`, `.state`; empty for the whole. */
  readonly output: string;
  /** Place of the element in its tensor; null where the result has another form. */
  readonly index: readonly number[] | null;
  /** What PyTorch computed: an element, or a form in words. */
  readonly expected: number | string;
  /** What the port computed. */
  readonly got: number | string;
  /** How far it may be off; null where the result has another form. */
  readonly bound: number | null;
}

/** One call of a port in one way, compared with what PyTorch returned. */
export interface PortCheck {
  /** Which call, from 0. */
  readonly call: number;
  /** `call` computes at once, on the builtin engine; `run` on the engine named. */
  readonly mode: "call" | "run";
  /** The engine's name. */
  readonly adapter: string;
  /** `unsupported`: it can't be run this way, or nothing tells how far it may be off. */
  readonly status: "passed" | "failed" | "unsupported";
  /** Largest distance from what PyTorch computed; null where nothing was compared. */
  readonly maxError: number | null;
  /** Largest share of its bound that an element's error takes; null where nothing was compared. */
  readonly errorOverBound: number | null;
  /** Why it did not pass, with the place; null where it did. */
  readonly reason: string | null;
  /** The same as data; null where it passed, or threw. */
  readonly first: PortDifference | null;
}

/** What became of a port. */
export interface PortReport {
  /** The module's class in PyTorch. */
  readonly module: string;
  /**
   * Where bounds come from: `derived` from what the calls come to as a program, or `recorded`, from how far
   * PyTorch's own float32 results are from its float64 ones.
   */
  readonly bounds: "derived" | "recorded";
  /** Why there is no program; null where there is. */
  readonly whyRecorded: string | null;
  /** At once, call by call, and then on each engine. */
  readonly checks: readonly PortCheck[];
  /** How many of them ended in which way. */
  readonly summary: {
    /** Within their bounds. */
    readonly passed: number;
    /** Off, or thrown. */
    readonly failed: number;
    /** Not compared. */
    readonly unsupported: number;
  };
}

/**
 * Holds a port of a PyTorch module against what the module itself computed: its weights are loaded by
 * Python's names, each recorded call is made at once (`call`) and on each engine (`run`), later calls with
 * what the port returned for earlier ones, and every element has to be within the bound that the port's own
 * program has, or, where it can't be traced, within some of what PyTorch is off by itself.
 *
 * @param port a class or function is asked for a module of its own for each way; a module keeps the weights
 *   and the engine that it ran on last
 * @param record bytes of a file that `record` of `recorder/record.py` wrote, or what `readPortRecord` read
 * @throws UNROLL_FORMAT for a file of another form, UNROLL_ARGUMENT for what is no port, UNROLL_WEIGHTS for
 *   weights that don't fit it
 */
export async function verifyPort(
  port: Port,
  record: Uint8Array | PortRecord,
  options: VerifyPortOptions = {},
): Promise<PortReport> {
  knownOptions("verifyPort", options, ["adapters"]);
  const read = record instanceof Uint8Array ? readPortRecord(record) : record;
  const loaded = async (): Promise<nn.Module> => {
    const module = await moduleOf(port);
    module.loadStateDict(read.weights);
    return module;
  };
  const { truths, why } = truthsOf(await loaded(), read.calls);
  const judge = { calls: read.calls, truths };
  const now = await loaded();
  const checks = await checked(judge, "call", "builtin", "f32", (given) => now.call(...(given as never[])));
  for (const [name, adapter] of named(options.adapters ?? [builtin()])) {
    const module = (await loaded()).to(adapter);
    const run = (given: readonly unknown[]): unknown => module.run(...(given as never[]));
    checks.push(...(await checked(judge, "run", name, adapter.capabilities.precision, run)));
    module.dispose();
  }
  const count = (status: PortCheck["status"]): number => checks.filter((one) => one.status === status).length;
  return {
    module: read.module,
    bounds: truths ? "derived" : "recorded",
    whyRecorded: why,
    checks,
    summary: { passed: count("passed"), failed: count("failed"), unsupported: count("unsupported") },
  };
}

/** Engines by name; one of a list by its own, with its device. */
function named(adapters: NonNullable<VerifyPortOptions["adapters"]>): [string, Adapter][] {
  if (!Array.isArray(adapters)) return Object.entries(adapters as Readonly<Record<string, Adapter>>);
  return (adapters as readonly Adapter[]).map((one) => [`${one.name}:${one.device}`, one]);
}

/** By what it can do, as it may come out of another copy of the library. */
const isModule = (value: unknown): value is nn.Module =>
  typeof value === "object" &&
  value !== null &&
  ["call", "run", "to", "loadStateDict", "programOf"].every(
    (name) => typeof (value as Record<string, unknown>)[name] === "function",
  );

async function moduleOf(port: Port): Promise<nn.Module> {
  let made: unknown = port;
  if (typeof port === "function")
    made = isModule(port.prototype)
      ? new (port as new () => nn.Module)()
      : await (port as () => nn.Module | Promise<nn.Module>)();
  if (!isModule(made))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "verifyPort port",
      expected: "an nn.Module, a class of them, or a function that returns one",
      got: made === null || typeof made !== "object" ? String(made) : made.constructor.name,
      cure: "extend nn.Module of @unroll/api/torch",
    });
  return made;
}

type Truths = ReturnType<typeof boundsOfCalls>;

/** What the calls come to as a program, or why they come to none. */
function truthsOf(
  module: nn.Module,
  calls: readonly RecordedCall[],
): { readonly truths: Truths | null; readonly why: string | null } {
  try {
    return { truths: boundsOfCalls(module, calls), why: null };
  } catch (error) {
    // Whatever is wrong with the port shows again where it is called.
    return { truths: null, why: textOf(error) };
  }
}

const textOf = (error: unknown): string =>
  error instanceof Error
    ? "code" in error && typeof error.code === "string"
      ? `${error.code} ${error.message}`
      : `${error.name}: ${error.message}`
    : String(error);

interface Judge {
  readonly calls: readonly RecordedCall[];
  readonly truths: Truths | null;
}

/** Makes every call in one way, and compares what each returns. */
async function checked(
  { calls, truths }: Judge,
  mode: PortCheck["mode"],
  adapter: string,
  precision: Parameters<Truths>[0],
  compute: (given: readonly unknown[]) => unknown,
): Promise<PortCheck[]> {
  const results: unknown[] = [];
  const checks: PortCheck[] = [];
  const nothing = { maxError: null, errorOverBound: null, first: null };
  let ended: Pick<PortCheck, "status" | "reason"> | null = null;
  for (const [index, call] of calls.entries()) {
    const about = { call: index, mode, adapter };
    if (!ended) {
      try {
        const result = await compute(argumentsOf(call, results, (one) => tensor(one)));
        results.push(result);
        checks.push({ ...about, ...compared(call, index, result, truths, precision) });
        continue;
      } catch (error) {
        const refused = (error as { code?: unknown } | null)?.code === "UNROLL_UNSUPPORTED";
        ended = { status: refused ? "unsupported" : "failed", reason: textOf(error) };
        checks.push({ ...about, ...nothing, ...ended });
        ended = { ...ended, reason: `not made after call ${index}` };
      }
    } else checks.push({ ...about, ...nothing, ...ended });
  }
  return checks;
}

type Outcome = Omit<PortCheck, "call" | "mode" | "adapter">;

/** What one call returned against what PyTorch did. */
function compared(
  call: RecordedCall,
  index: number,
  result: unknown,
  truths: Truths | null,
  precision: Parameters<Truths>[0],
): Outcome {
  const leaves = leavesOf(call.result, result, tensor);
  if (leaves instanceof OtherForm) {
    const { path: output, expected, got } = leaves;
    const first = { output, index: null, expected, got, bound: null };
    return { ...failed(first), maxError: Infinity, errorOverBound: Infinity };
  }
  // The module keeps no state that a trace could not hold, so both are of the same form.
  const [own, pytorch] = truths ? [truths(precision)[index]!, truths("f32")[index]!] : [null, null];
  let [maxError, errorOverBound] = [0, 0];
  let first: PortDifference | null = null;
  for (const [k, leaf] of leaves.entries()) {
    const held = own ? heldDerived(leaf, own[k], pytorch![k]) : heldRecorded(leaf);
    if (held === null) {
      const reason =
        `result${leaf.path}: expected float64 values beside those of float32, got none; ` +
        "the module did not run in float64, and the port can't be traced";
      return { status: "unsupported", maxError: null, errorOverBound: null, reason, first: null };
    }
    maxError = Math.max(maxError, held.maxError);
    errorOverBound = Math.max(errorOverBound, held.errorOverBound);
    first ??= held.first;
  }
  return first
    ? { ...failed(first), maxError, errorOverBound }
    : { status: "passed", maxError, errorOverBound, reason: null, first: null };
}

interface Held {
  readonly maxError: number;
  readonly errorOverBound: number;
  readonly first: PortDifference | null;
}

/** Both PyTorch and the engine have to be within their bounds of the port's own exact result. */
function heldDerived(leaf: Leaf, own: LeafTruth | undefined, pytorch: LeafTruth | undefined): Held | null {
  if (!own || !pytorch) return heldRecorded(leaf);
  const engine = compareWithBound(leaf.got, own.exact, own.bound);
  const recorded = compareWithBound(leaf.want, pytorch.exact, pytorch.bound);
  const worse = recorded.firstBadIndex >= 0 ? recorded : engine;
  const bound = recorded.firstBadIndex >= 0 ? pytorch.bound : own.bound;
  return {
    maxError: distance(leaf),
    errorOverBound: Math.max(engine.errorOverBound, recorded.errorOverBound),
    first: worse.firstBadIndex < 0 ? null : differenceOf(leaf, worse.firstBadIndex, bound),
  };
}

/** The port against PyTorch, with what PyTorch is off by itself. */
function heldRecorded(leaf: Leaf): Held | null {
  const bound = recordedBound(leaf);
  if (!bound) return null;
  const { got, want } = leaf;
  const { errorOverBound, firstBadIndex } = compareWithBound(got, float64Of(want), bound);
  const first = firstBadIndex < 0 ? null : differenceOf(leaf, firstBadIndex, bound);
  return { maxError: distance(leaf), errorOverBound, first };
}

const float64Of = ({ shape, data }: HostTensor): Float64Tensor => ({ shape, data: Float64Array.from(data) });

/** Largest distance of the port's result from PyTorch's. */
const distance = ({ got, want }: Leaf): number =>
  compareWithBound(got, float64Of(want), { shape: want.shape, data: new Float64Array(want.data.length) })
    .maxError;

function differenceOf({ path, got, want }: Leaf, flat: number, bound: Float64Tensor): PortDifference {
  const index: number[] = [];
  for (let k = want.shape.length - 1, rest = flat; k >= 0; k--) {
    index.unshift(rest % want.shape[k]!);
    rest = Math.floor(rest / want.shape[k]!);
  }
  return { output: path, index, expected: want.data[flat]!, got: got.data[flat]!, bound: bound.data[flat]! };
}

function failed(first: PortDifference): Pick<PortCheck, "status" | "reason" | "first"> {
  const { output, index, expected, got, bound } = first;
  const place = `result${output}${index === null ? "" : `[${index.join(", ")}]`}`;
  const within = bound === null ? "" : ` within ${bound.toExponential(1)}`;
  return { status: "failed", reason: `${place}: expected ${expected}${within}, got ${got}`, first };
}
