import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import {
  type DeviceTensor,
  type DType,
  type DTypeArray,
  type HostTensor,
  isHostTensor,
  tensorProblem,
} from "../contract/tensor.js";
import { isRecord } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { taken } from "../contract/taken.js";
import type { SignatureState } from "../program/runnable.js";
import { leftOut } from "./left-out.js";

/**
 * State as plain data: part name (`h`, `c`, `forward.h`, ...) by layer name; every part [batch, ...],
 * float32 [batch, units] for the cells that the library has.
 */
export type PlainState = Readonly<Record<string, Readonly<Record<string, HostTensor>>>>;

/** A part of a state as JSON. */
export interface PartJson {
  /** Left out for float32. */
  readonly dtype?: Exclude<DType, "float32">;
  /** Sizes of its axes, the batch first. */
  readonly shape: readonly number[];
  /** Base64 of the little-endian elements. */
  readonly data: string;
}

/** State as JSON: the plain form with base64 of little-endian elements. */
export interface StateJson {
  /** Tells a state from other JSON. */
  readonly format: "unroll.state";
  /** Of the format. */
  readonly version: 1;
  /**
   * Hash of the inputs and layers whose state it is, so that another model does not take it by mistake; no
   * defence against malice. Left out where it is not known.
   */
  readonly model?: string;
  /** Every part, by layer and by its name there. */
  readonly parts: Readonly<Record<string, Readonly<Record<string, PartJson>>>>;
}

/** Anything that a model takes as a state. */
export type StateLike = State | PlainState;

interface Part {
  readonly layer: string;
  readonly part: string;
  held: HostTensor | DeviceTensor;
}

/** Whether a part is the one expected, with the elements and axes that it has, and as many rows. */
const fits = (p: Part, { layer, part, dtype, shape }: SignatureState, batch: number): boolean =>
  p.layer === layer &&
  p.part === part &&
  p.held.dtype === dtype &&
  p.held.shape.length === shape.length + 1 &&
  p.held.shape.every((size, k) => size === (k ? shape[k - 1] : batch));

function entriesOf<T>(of: Readonly<Record<string, T>>, name: string): [string, T][] {
  // A state of another copy of this package is no record.
  return isRecord(of) ? Object.entries(of) : refusePart(name, "a plain object", shown(of));
}

/** A copy of a part, which has a row for each sequence. */
function takenPart(name: string, given: unknown): HostTensor {
  const [expected, got] = isHostTensor(given)
    ? (tensorProblem(given) ?? [given.shape.length < 1 && "a tensor [batch, units]", "one number"])
    : ["a tensor [batch, units]", shown(given)];
  if (expected) refusePart(name, expected, got);
  return taken(given as HostTensor);
}

function refusePart(part: string, expected: string, got: string): never {
  throw unrollError({
    code: "UNROLL_STATE",
    place: `state part "${part}"`,
    expected,
    got,
    cure: "give tensors by layer and part",
    details: { part },
  });
}

// Frees the engine memory of states that were dropped without dispose(). A backstop: when it runs is the
// collector's choice, so nothing counts on it.
const dropped = new FinalizationRegistry<readonly Part[]>((parts) => parts.forEach(release));

function release(part: Part): void {
  if (!isHostTensor(part.held)) part.held.dispose();
}

/**
 * The state of a recurrent model between two runs. A value: a run reads it and returns a new one, so it may
 * be kept, used twice, saved, or given to a model on another engine.
 *
 * A state that a step returned stays in the engine's memory until the next step has used it; then it moves to
 * host memory, so that a long run holds a constant number of engine tensors however its states are kept.
 */
export class State {
  /** Rows: independent sequences that run side by side. */
  readonly batch: number;
  readonly #parts: readonly Part[];
  #owner: Adapter | null;
  #users = 0;
  #gone: string | null = null;
  #waiting: Promise<void> | null = null;
  readonly #model: string | undefined;
  /** Whether a run that has its time reads the arrays, and whether `stepInto` writes into them. */
  #lent = false;
  #inPlace = false;

  /** @internal Writes a part as JSON; there once anything is loaded that saves states. */
  static encoded: ((part: HostTensor) => PartJson) | undefined;

  /** @internal States come from `zeroState`, runs, `fromTypedArrays` and `fromJSON`. */
  constructor(
    batch: number,
    parts: readonly { layer: string; part: string; held: HostTensor | DeviceTensor }[],
    owner: Adapter | null,
    model?: string,
  ) {
    this.#model = model;
    this.batch = batch;
    this.#parts = parts;
    this.#owner = owner;
    if (owner) dropped.register(this, this.#parts, this);
  }

  /**
   * A state from plain data; arrays are copied.
   *
   * @param model @internal which mathematics it is the state of; plain data doesn't say
   * @throws UNROLL_STATE for what is no tensor, and when parts differ in their number of rows
   */
  static fromTypedArrays(plain: PlainState, model?: string): State {
    const parts = entriesOf(plain, "").flatMap(([layer, own]) =>
      entriesOf(own, layer).map(([part, given]) => ({
        layer,
        part,
        held: takenPart(`${layer}.${part}`, given as unknown),
      })),
    );
    const batch = parts[0]?.held.shape[0] ?? 1;
    const odd = parts.find((p) => p.held.shape[0] !== batch);
    if (odd)
      refusePart(`${odd.layer}.${odd.part}`, `${batch} rows as the first part`, `${odd.held.shape[0]}`);
    return new State(batch, parts, null, model);
  }

  /**
   * Copies every part to host memory, by layer and part. Survives `structuredClone`; give it back to any
   * model.
   *
   * @typeParam D dtype of the parts: float32 for every cell that the library has
   * @throws UNROLL_DISPOSED
   */
  async toTypedArrays<D extends DType = "float32">(): Promise<Record<string, Record<string, HostTensor<D>>>> {
    this.assertAlive("toTypedArrays");
    await this.toHost();
    return this.#copy(taken) as Record<string, Record<string, HostTensor<D>>>;
  }

  /**
   * The state as JSON, at once, so that `JSON.stringify(state)` works.
   *
   * @throws UNROLL_STATE where the engine's memory can't be read at once (GPU): `await state.toHost()` first;
   *   UNROLL_UNSUPPORTED on a page of `@unroll/api/core` that has left this out
   */
  toJSON(): StateJson {
    this.assertAlive("toJSON");
    const { encoded } = State;
    if (!encoded) throw leftOut("toJSON", "savedStates");
    this.#toHostNow("toJSON");
    return {
      format: "unroll.state",
      version: 1,
      ...(this.#model !== undefined && { model: this.#model }),
      parts: this.#copy(encoded),
    };
  }

  /** @internal A copy for a run that changes nothing. @throws UNROLL_STATE for one of another model */
  async copyFor(place: string, model: string | undefined): Promise<State> {
    this.#assertModel(place, model);
    return State.fromTypedArrays(await this.toTypedArrays<DType>(), model);
  }

  /** Moves the state to host memory and frees the engine's. It stays usable. @throws UNROLL_DISPOSED */
  async toHost(): Promise<this> {
    this.assertAlive("toHost");
    while (this.#waiting) await this.#waiting;
    this.#waiting = this.#move().finally(() => {
      this.#waiting = null;
    });
    await this.#waiting;
    return this;
  }

  /** Frees what the state holds. Using it afterwards throws UNROLL_DISPOSED; a second call does nothing. */
  dispose(): void {
    this.end("dispose()");
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #move(): Promise<void> {
    const read = await Promise.all(this.#parts.map((p) => (isHostTensor(p.held) ? p.held : p.held.read())));
    this.#settle(read);
  }

  #toHostNow(place: string): void {
    const read = this.#parts.map((p) => {
      if (isHostTensor(p.held)) return p.held;
      if (!p.held.readSync)
        throw unrollError({
          code: "UNROLL_STATE",
          place: place,
          expected: "a state in host memory",
          got: `one on ${this.#owner?.name ?? "a device"}`,
          cure: "await state.toHost() first",
        });
      return p.held.readSync();
    });
    this.#settle(read);
  }

  #settle(read: readonly HostTensor[]): void {
    const spent = this.#parts.map((p) => p.held);
    this.#parts.forEach((p, k) => {
      p.held = read[k] as HostTensor;
    });
    spent.forEach((held) => {
      if (!isHostTensor(held)) held.dispose();
    });
    if (this.#owner) dropped.unregister(this);
    this.#owner = null;
  }

  // Collected in maps: a layer may be called `constructor`, and a file may say `__proto__`.
  #copy<T>(of: (held: HostTensor) => T): Record<string, Record<string, T>> {
    const layers = new Map<string, [string, T][]>();
    for (const { layer, part, held } of this.#parts) {
      const own = layers.get(layer) ?? [];
      own.push([part, of(held as HostTensor)]);
      layers.set(layer, own);
    }
    return Object.fromEntries([...layers].map(([layer, own]) => [layer, Object.fromEntries(own)]));
  }

  /** @internal @throws UNROLL_DISPOSED */
  assertAlive(place: string): void {
    if (this.#gone !== null)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: place,
        expected: "a live state",
        got: `one that was disposed by ${this.#gone}`,
        cure: "keep the state that the last run returned",
      });
  }

  /** @internal A copy of what stepInto may change: a state in host memory. Another stays as it is. */
  unshared(): State {
    this.assertAlive("stream");
    if (this.#owner) return this;
    const parts = this.#parts.map((p) => ({ ...p, held: taken(p.held as HostTensor) }));
    return new State(this.batch, parts, null, this.#model);
  }

  /** @internal Frees everything, remembering why. */
  end(why: string): void {
    if (this.#gone !== null) return;
    this.#gone = why;
    this.#parts.forEach(release);
    if (this.#owner) dropped.unregister(this);
  }

  /** @internal Whether any part lies in engine memory. */
  get onDevice(): boolean {
    return this.#owner !== null;
  }

  /**
   * @internal Feeds of a run on `adapter`, one for every expected part, in that order. Pair with `unborrow`.
   * @throws UNROLL_STATE naming a missing, unexpected or mis-shaped part, UNROLL_DISPOSED
   */
  async borrow(
    place: string,
    expected: readonly SignatureState[],
    batch: number,
    adapter: Adapter,
    model?: string,
  ): Promise<(HostTensor | DeviceTensor)[]> {
    this.assertAlive(place);
    this.#assertModel(place, model);
    if (this.#owner !== null && this.#owner !== adapter) await this.toHost();
    else if (this.#waiting) await this.#waiting;
    const feeds = this.#select(place, expected, batch);
    this.#users++;
    return feeds;
  }

  /** @internal Ends a run's use. With `spend`, the last user moves the state out of engine memory. */
  unborrow(spend: boolean): void {
    this.#users--;
    if (!spend || this.#users > 0 || this.#owner === null || this.#gone !== null) return;
    if (this.#parts.every((p) => isHostTensor(p.held) || p.held.readSync)) this.#toHostNow("step");
    else void this.toHost().catch(() => this.end("an engine failure while it was moved to host memory"));
  }

  /**
   * @internal Parts in host memory, in the expected order, for a run that reads them later: themselves, as
   * nobody writes into them; copies once there is somebody.
   */
  lend(place: string, expected: readonly SignatureState[], model?: string): HostTensor[] {
    const parts = this.#host(place, expected, model);
    if (this.#inPlace) return parts.map(taken);
    this.#lent = true;
    return parts;
  }

  /** @internal Host arrays of the parts, in the expected order, for a run that updates them in place. */
  arraysInPlace(place: string, expected: readonly SignatureState[], model?: string): DTypeArray[DType][] {
    this.#host(place, expected, model);
    // A run may read those that there were.
    if (this.#lent && !this.#inPlace)
      for (const part of this.#parts) part.held = taken(part.held as HostTensor);
    this.#inPlace = true;
    return this.arrays(place, expected, model);
  }

  /** @internal Host arrays of the parts, in the expected order, to be read now. */
  arrays(place: string, expected: readonly SignatureState[], model?: string): DTypeArray[DType][] {
    return this.#host(place, expected, model).map(({ data }) => data);
  }

  #host(place: string, expected: readonly SignatureState[], model?: string): HostTensor[] {
    this.assertAlive(place);
    this.#assertModel(place, model);
    if (this.#owner !== null) this.#toHostNow(place);
    return this.#select(place, expected, this.batch) as HostTensor[];
  }

  #assertModel(place: string, model: string | undefined): void {
    if (model !== undefined && this.#model !== undefined && model !== this.#model)
      throw unrollError({
        code: "UNROLL_STATE",
        place,
        expected: `a state of this model's layers, ${model}`,
        got: `one of others, ${this.#model}`,
        cure: "on purpose: State.fromJSON(json, { anySpec: true }) or toTypedArrays()",
        details: { expected: model, got: this.#model },
      });
  }

  #select(place: string, expected: readonly SignatureState[], batch: number): (HostTensor | DeviceTensor)[] {
    const parts = this.#parts;
    // As a run of the same model returned it: nothing to look for, and nothing to say.
    if (parts.length === expected.length && expected.every((one, k) => fits(parts[k]!, one, batch)))
      return parts.map((p) => p.held);
    const names = expected.map((e) => `${e.layer}.${e.part}`);
    const is = (p: Part, e: SignatureState): boolean => p.layer === e.layer && p.part === e.part;
    const extra = parts.find((p) => !expected.some((e) => is(p, e)));
    if (extra)
      throw unrollError({
        code: "UNROLL_STATE",
        place: place,
        expected: `state parts ${names.join(", ") || "none"}`,
        got: `"${extra.layer}.${extra.part}" too`,
        cure: "leave it out; a layer that starts from other values takes none",
        details: { part: `${extra.layer}.${extra.part}`, expected: names },
      });
    return expected.map((one) => {
      const { layer, part, dtype, shape } = one;
      const own = parts.find((p) => is(p, one));
      const wanted = [batch, ...shape];
      const say = (got: string, cure: string): never => {
        throw unrollError({
          code: "UNROLL_STATE",
          place: `${place}: state part "${layer}.${part}"`,
          expected: `${dtype === "float32" ? "" : `${dtype} `}[${wanted.join(", ")}]`,
          got,
          cure,
          details: { part: `${layer}.${part}`, expected: wanted, names, got: own?.held.shape },
        });
      };
      if (!own) return say("none", "pass the state that the last run returned");
      const { held } = own;
      if (!fits(own, one, batch)) {
        const rows = held.shape.slice(1).join() === shape.join();
        say(
          `${held.dtype === dtype ? "" : `${held.dtype} `}[${held.shape.join(", ")}]`,
          rows ? "the input and the state have the same number of rows" : "the last axis is units",
        );
      }
      return own.held;
    });
  }
}
