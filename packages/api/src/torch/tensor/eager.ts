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
  readonly results: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly size: number;
  }[];
  readonly elements: number;
}

const noDims = {};

/** Programs for operations that were run before, those not used for longest gone first. */
class Programs {
  readonly #ready = new Map<string, Ready>();
  #elements = 0;

  find(key: string): Ready | undefined {
    const ready = this.#ready.get(key);
    // Again at the end: what is used stays.
    if (ready && this.#ready.size > KEPT.programs / 2) {
      this.#ready.delete(key);
      this.#ready.set(key, ready);
    }
    return ready;
  }

  keep(key: string, ready: Ready): void {
    this.#ready.set(key, ready);
    this.#elements += ready.elements;
    for (const [oldest, one] of this.#ready) {
      const over = this.#ready.size > KEPT.programs || this.#elements > KEPT.elements;
      if (!over || oldest === key) return;
      this.drop(oldest, one);
    }
  }

  clear(): void {
    for (const [key, one] of this.#ready) this.drop(key, one);
  }

  private drop(key: string, { executable, elements }: Ready): void {
    this.#ready.delete(key);
    this.#elements -= elements;
    executable.dispose();
  }
}

const shared = new Programs();
let engine: Adapter | undefined;

/** Programs of an owner of weights, for as long as the weights are what they were. */
const owned = new WeakMap<object, { version: number; programs: Programs }>();

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
    results,
    elements: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Runs one operation now, on the builtin engine. @throws what building and running its program throws */
export function runNow(operation: Operation, operands: readonly HostTensor[]): HostTensor[] {
  let key = operation.key;
  for (const { dtype, shape } of operands) key += `|${dtype}${shape.join()}`;
  const programs = programsOf(operation);
  let ready = programs.find(key);
  if (!ready) {
    ready = compiled(operation, operands);
    programs.keep(key, ready);
  }
  const { results, executable } = ready;
  const inputs: DTypeArray[DType][] = operands.map(({ data }) => data);
  const outputs = results.map(({ dtype, size }) => allocate(dtype, size));
  executable.runInto(inputs, outputs, noDims);
  return results.map(({ dtype, shape }, k) => ({ dtype, shape, data: outputs[k]! }));
}
