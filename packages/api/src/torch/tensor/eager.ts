import { builtin } from "../../builtin/index.js";
import type { Adapter, SyncExecutable } from "../../contract/adapter.js";
import { allocate, type DType, type DTypeArray, type HostTensor, sizeOf } from "../../contract/tensor.js";
import { PartialProgramBuilder } from "../../program/builder.js";
import { prepareSync } from "../../program/prepare.js";
import { primitives } from "../../program/primitives.js";
import type { Operation, Sized } from "./operation.js";

/** Programs kept at most, and elements that the values they take and return have together. */
const KEPT = { programs: 512, elements: 2 ** 22 };

/** An operation as a program of its own, for operands of one form. */
interface Ready {
  readonly executable: SyncExecutable;
  readonly operands: readonly Sized[];
  readonly results: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly size: number;
  }[];
  readonly elements: number;
}

/** Whether operands are of the form that a program is for; compares numbers and allocates nothing. */
function isFor({ operands: wanted }: Ready, operands: readonly Sized[]): boolean {
  if (wanted.length !== operands.length) return false;
  for (let k = 0; k < wanted.length; k++) {
    const [want, got] = [wanted[k]!, operands[k]!];
    const rank = want.shape.length;
    if (want.dtype !== got.dtype || rank !== got.shape.length) return false;
    for (let axis = 0; axis < rank; axis++) if (want.shape[axis] !== got.shape[axis]) return false;
  }
  return true;
}

const noDims = {};

/** Programs for operations that were run before, those not used for longest gone first. */
class Programs {
  readonly #ready = new Map<string, Ready>();
  /** What an operation was run with last, by its key: most are run with the same again. */
  readonly #latest = new Map<string, readonly [form: string, ready: Ready]>();
  #elements = 0;

  get count(): number {
    return this.#ready.size;
  }

  /** The program of an operation for operands, made where there is none. */
  of(operation: Operation, operands: readonly Sized[]): Ready {
    const latest = this.#latest.get(operation.key);
    if (latest && isFor(latest[1], operands)) return latest[1];
    let form = operation.key;
    for (const { dtype, shape } of operands) form += `|${dtype}${shape.join()}`;
    // What was passed over here since is used too.
    if (latest) this.#touch(latest[0], latest[1]);
    const found = this.#ready.get(form);
    if (found) this.#touch(form, found);
    const ready = found ?? this.#keep(form, compiled(operation, operands));
    this.#latest.set(operation.key, [form, ready]);
    return ready;
  }

  clear(): void {
    for (const [form, one] of this.#ready) this.#drop(form, one);
    this.#latest.clear();
  }

  /** Again at the end: what is used stays. */
  #touch(form: string, ready: Ready): void {
    if (this.#ready.size <= KEPT.programs / 2) return;
    this.#ready.delete(form);
    this.#ready.set(form, ready);
  }

  #keep(form: string, ready: Ready): Ready {
    this.#ready.set(form, ready);
    this.#elements += ready.elements;
    for (const [oldest, one] of this.#ready) {
      const over = this.#ready.size > KEPT.programs || this.#elements > KEPT.elements;
      if (!over || oldest === form) break;
      this.#drop(oldest, one);
    }
    return ready;
  }

  #drop(form: string, ready: Ready): void {
    this.#ready.delete(form);
    for (const [key, [latest]] of this.#latest) if (latest === form) this.#latest.delete(key);
    this.#elements -= ready.elements;
    ready.executable.dispose();
  }
}

const shared = new Programs();
let engine: Adapter | undefined;

/** Programs of an owner of weights, for as long as the weights are what they were. */
const owned = new WeakMap<object, { version: string; programs: Programs }>();

function programsOf({ weights }: Operation): Programs {
  if (!weights) return shared;
  let own = owned.get(weights.owner);
  if (own?.version !== weights.version) {
    own?.programs.clear();
    own = { version: weights.version, programs: new Programs() };
    owned.set(weights.owner, own);
  }
  return own.programs;
}

/** Frees what the operations of an owner of weights hold. */
export function forget(owner: object): void {
  owned.get(owner)?.programs.clear();
  owned.delete(owner);
}

/** @internal How many programs are kept for all operations without weights of their own. */
export const keptPrograms = (): number => shared.count;

function compiled(operation: Operation, operands: readonly Sized[]): Ready {
  const builder = new PartialProgramBuilder(operation.name, primitives);
  const given = operands.map(({ dtype, shape }, k) => builder.input(`x${k}`, { dtype, shape }));
  const weights = operation.weights?.values() ?? {};
  const params = Object.entries(weights).map(([name, { dtype, shape }]) => builder.param(name, shape, dtype));
  const made = operation.build(builder.block, [...given, ...params]);
  const values = Array.isArray(made) ? made : [made];
  values.forEach((value, k) => builder.output(`y${k}`, value));
  engine ??= builtin();
  const results = values.map(({ type }) => {
    const shape = type.shape as readonly number[];
    return { dtype: type.dtype, shape, size: sizeOf(shape) };
  });
  const sizes = [...operands.map(({ shape }) => sizeOf(shape)), ...results.map(({ size }) => size)];
  return {
    executable: prepareSync(engine, builder.finish(), weights),
    operands: operands.map(({ dtype, shape }) => ({ dtype, shape: [...shape] })),
    results,
    elements: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Runs one operation now, on the builtin engine. @throws what building and running its program throws */
export function runNow(operation: Operation, operands: readonly HostTensor[]): HostTensor[] {
  const { results, executable } = programsOf(operation).of(operation, operands);
  const inputs: DTypeArray[DType][] = operands.map(({ data }) => data);
  const outputs = results.map(({ dtype, size }) => allocate(dtype, size));
  executable.runInto(inputs, outputs, noDims);
  return results.map(({ dtype, shape }, k) => ({ dtype, shape, data: outputs[k]! }));
}
