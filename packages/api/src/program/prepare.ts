import type { Adapter, Executable, Feed, SyncExecutable, WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import type { Named, Program } from "../contract/program.js";
import { taken } from "../contract/taken.js";
import {
  type DeviceTensor,
  type DType,
  type DTypeArray,
  type HostTensor,
  isHostTensor,
  tensorProblem,
} from "../contract/tensor.js";
import { isAxisName } from "./dims.js";
import { legalize } from "./legalize.js";
import { type RunLimit, runLimits } from "./run-limits.js";

/**
 * An executable whose runs are checked before the engine sees them, and whose weights can always be bound
 * anew.
 */
export interface Prepared extends Executable {
  rebind(weights: WeightMap): Promise<void>;
}

/**
 * Makes a program ready to run on an adapter, for whoever has no model around it: legalizes it, checks its
 * weights, checks what every run is fed, and copies both before the call returns. This is all that stands
 * between a caller and an adapter, which checks nothing of it again.
 *
 * @throws UNROLL_UNSUPPORTED, UNROLL_ENGINE, UNROLL_WEIGHTS before the engine sees anything; a run throws
 *   UNROLL_SHAPE for sizes with which a value would be larger than memory is meant for
 */
export async function prepare(adapter: Adapter, program: Program, weights: WeightMap): Promise<Prepared> {
  const legal = legalize(program, adapter);
  const taken = takenWeights(legal, weights);
  return new CheckedExecutable(adapter, legal, await adapter.compile(legal, taken));
}

/**
 * As {@link prepare}, at once, on an adapter that is synchronous. @throws UNROLL_UNSUPPORTED on one that is
 * not
 */
export function prepareSync(
  adapter: Adapter,
  program: Program,
  weights: WeightMap,
): Prepared & SyncExecutable {
  if (!adapter.compileSync)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `adapter "${adapter.name}"`,
      expected: "a synchronous one",
      got: "one that answers with a promise",
      cure: "use prepare(), or the builtin adapter",
    });
  const legal = legalize(program, adapter);
  return new CheckedSyncExecutable(adapter, legal, adapter.compileSync(legal, takenWeights(legal, weights)));
}

/** What a program says of its weights. */
interface Declared {
  /** The program, as errors name it. */
  readonly name: string;
  /** Each with its name and type. */
  readonly params: readonly Pick<Named, "name" | "type">[];
}

/**
 * A program's weights, checked and copied: adapters may keep them as they are.
 *
 * @throws UNROLL_WEIGHTS naming the first that is missing or of another type than declared
 */
export function takenWeights(declared: Declared, weights: WeightMap): WeightMap {
  const { name: program, params } = declared;
  return Object.fromEntries(
    params.map(({ name, type }) => {
      const weight = Object.hasOwn(weights, name) ? weights[name] : undefined;
      const fits =
        weight?.dtype === type.dtype &&
        weight.shape.join() === type.shape.join() &&
        tensorProblem(weight) === null;
      if (!weight || !fits)
        throw unrollError({
          code: "UNROLL_WEIGHTS",
          place: `program "${program}" param "${name}"`,
          expected: `${type.dtype} [${type.shape.join(", ")}]`,
          got: weight ? shownTensor(weight) : "none",
          cure: "give every weight the program declares",
          details: { name },
        });
      return [name, taken(weight)];
    }),
  );
}

const shownTensor = ({ dtype, shape, data }: HostTensor): string =>
  `${dtype} [${shape.join(", ")}] of ${data.length} in ${data[Symbol.toStringTag]}`;

class CheckedExecutable implements Prepared {
  private disposed = false;
  protected readonly limit: RunLimit;

  constructor(
    private readonly adapter: Adapter,
    protected readonly program: Program,
    private inner: Executable,
  ) {
    this.limit = runLimits(program);
  }

  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    try {
      this.assertAlive();
      this.checkFeeds(feeds);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return this.inner.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [name, isHostTensor(feed) ? taken(feed) : feed]),
      ),
    );
  }

  async rebind(weights: WeightMap): Promise<void> {
    this.assertAlive();
    const taken = takenWeights(this.program, weights);
    if (this.inner.rebind) return this.inner.rebind(taken);
    const before = this.inner;
    this.inner = await this.adapter.compile(this.program, taken);
    before.dispose();
  }

  dispose(): void {
    this.disposed = true;
    this.inner.dispose();
  }

  protected get place(): string {
    return `program "${this.program.name}" run`;
  }

  protected assertAlive(): void {
    if (this.disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: this.place,
        expected: "an executable in use",
        got: "one after its dispose()",
        cure: "compile it again",
      });
  }

  private checkFeeds(feeds: Readonly<Record<string, Feed>>): void {
    const { inputs } = this.program;
    const extra = Object.keys(feeds).find((name) => !inputs.some((input) => input.name === name));
    if (extra !== undefined)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: this.place,
        expected: `feeds for ${inputs.map(({ name }) => name).join(", ") || "nothing"}`,
        got: `"${extra}" too`,
        cure: "remove it or mend its name",
        details: { name: extra },
      });
    const sizes = Object.create(null) as Record<string, number>;
    for (const input of inputs) this.checkFeed(input, feeds, sizes);
    this.limit(sizes);
  }

  private checkFeed(
    { name, type }: Named,
    feeds: Readonly<Record<string, Feed>>,
    sizes: Record<string, number>,
  ): void {
    const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    const fits =
      feed?.dtype === type.dtype &&
      feed.shape.length === type.shape.length &&
      (!isHostTensor(feed) || tensorProblem(feed) === null) &&
      type.shape.every((dim, k) => {
        const size = feed.shape[k]!;
        if (typeof dim === "number") return size === dim;
        return size >= 1 && (!isAxisName(dim) || (sizes[dim] ??= size) === size);
      });
    if (fits) return;
    const wanted = type.shape.map((dim) =>
      typeof dim === "string" && sizes[dim] !== undefined ? `${dim} = ${sizes[dim]}` : dim,
    );
    throw unrollError({
      code: feed ? "UNROLL_SHAPE" : "UNROLL_ARGUMENT",
      place: `${this.place} input "${name}"`,
      expected: `${type.dtype} [${wanted.join(", ")}]`,
      got: feed
        ? isHostTensor(feed)
          ? shownTensor(feed)
          : `${feed.dtype} [${feed.shape.join(", ")}]`
        : "none",
      cure: "feed every input what the program declares, at least one of each symbolic dim",
      details: { name },
    });
  }
}

type Data = DTypeArray[DType];

class CheckedSyncExecutable extends CheckedExecutable implements SyncExecutable {
  constructor(
    adapter: Adapter,
    program: Program,
    private readonly sync: SyncExecutable,
  ) {
    super(adapter, program, sync);
  }

  runInto(inputs: readonly Data[], outputs: readonly Data[], dims: Readonly<Record<string, number>>): void {
    this.assertAlive();
    this.limit(dims);
    this.sync.runInto(inputs, outputs, dims);
  }
}
