import { type HostTensor, unrollError } from "@unroll/api";
import { type AnyTensor, type NamedTensor, readSafetensors, toFloat32 } from "@unroll/api/weights";

/** A value that a module was called with, or that it returned. */
export type RecordedValue =
  | {
      /** What it is. */
      readonly kind: "tensor";
      /** Its values as float32, int32 or bool. */
      readonly tensor: HostTensor;
      /** The same computed in float64, of a result where the module ran in it too. */
      readonly float64?: Float64Array;
    }
  | {
      /** What it is. */
      readonly kind: "packed";
      /** Padded rows, [longest, batch, ...], zeros past their ends. */
      readonly tensor: HostTensor;
      /** Real steps of each row. */
      readonly lengths: readonly number[];
      /** As of a tensor. */
      readonly float64?: Float64Array;
    }
  | {
      /** What it is: a list or a tuple. */
      readonly kind: "list";
      /** What is in it. */
      readonly items: readonly RecordedValue[];
    }
  | {
      /** What it is. */
      readonly kind: "dict";
      /** What is in it, by name, in order. */
      readonly entries: readonly (readonly [name: string, value: RecordedValue])[];
    }
  | {
      /** What it is. */
      readonly kind: "plain";
      /** The number, text, flag, or null for None. */
      readonly value: number | string | boolean | null;
    }
  | {
      /** What it is: what an earlier call returned, or a part of it. */
      readonly kind: "result";
      /** Which call, from 0. */
      readonly call: number;
      /** Positions and names that lead to the part. */
      readonly path: readonly (number | string)[];
    };

/** One call of a module's `forward`. */
export interface RecordedCall {
  /** By position. */
  readonly arguments: readonly RecordedValue[];
  /** What it returned. */
  readonly result: RecordedValue;
}

/** Calls of a module in PyTorch, one after the other, and its weights. */
export interface PortRecord {
  /** Its class. */
  readonly module: string;
  /** Its `state_dict`, by Python's names; of weights that are shared one name may stand for all. */
  readonly weights: Readonly<Record<string, AnyTensor>>;
  /** In order: a later one may take what an earlier one returned. */
  readonly calls: readonly RecordedCall[];
}

/** Lists within lists at most, and calls at most: a record is checked before anything follows its sizes. */
const DEEPEST = 32;
const CALLS = 10_000;

function refuse(place: string, expected: string, got: string): never {
  throw unrollError({
    code: "UNROLL_FORMAT",
    place,
    expected,
    got: got.slice(0, 100),
    cure: "write it with record() of recorder/record.py",
    details: { place },
  });
}

const shown = (value: unknown): string => JSON.stringify(value) ?? "none";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads the values of a record out of its description and its tensors. */
class Reader {
  readonly #tensors: ReadonlyMap<string, NamedTensor>;
  readonly #place: string;

  constructor(tensors: ReadonlyMap<string, NamedTensor>, place: string) {
    this.#tensors = tensors;
    this.#place = place;
  }

  call(value: unknown, index: number): RecordedCall {
    const place = `calls[${index}]`;
    if (!isObject(value) || !Array.isArray(value["arguments"]))
      return refuse(`${this.#place} ${place}`, "arguments and a result", shown(value));
    return {
      arguments: value["arguments"].map((one, k) => this.#value(one, `${place}.arguments[${k}]`, index, 0)),
      result: this.#value(value["result"], `${place}.result`, 0, 0),
    };
  }

  /** @param earlier calls that it may refer to */
  #value(value: unknown, at: string, earlier: number, depth: number): RecordedValue {
    const place = `${this.#place} ${at}`;
    if (depth > DEEPEST) return refuse(place, `at most ${DEEPEST} lists within lists`, "more");
    const entry = isObject(value) ? value : {};
    const has = (name: string): boolean => Object.hasOwn(entry, name);
    const within = (one: unknown, step: string): RecordedValue =>
      this.#value(one, at + step, earlier, depth + 1);
    if (has("tensor")) return { kind: "tensor", ...this.#tensor(entry["tensor"], place) };
    if (has("packed")) {
      const stored = this.#tensor(entry["packed"], place);
      return { kind: "packed", ...stored, lengths: lengthsOf(entry["lengths"], stored.tensor.shape, place) };
    }
    if (Array.isArray(entry["list"]))
      return { kind: "list", items: entry["list"].map((one, k) => within(one, `[${k}]`)) };
    if (Array.isArray(entry["dict"])) {
      const entries = entry["dict"].map((pair: unknown, k) => {
        if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string")
          return refuse(`${place}.dict[${k}]`, "a name and a value", shown(pair));
        return [pair[0], within(pair[1], `.dict[${k}]`)] as const;
      });
      return { kind: "dict", entries };
    }
    if (has("value")) {
      const plain = entry["value"];
      if (plain === null || ["number", "string", "boolean"].includes(typeof plain))
        return { kind: "plain", value: plain as number | string | boolean | null };
    }
    if (Array.isArray(entry["result"])) {
      const [call, ...path] = entry["result"] as unknown[];
      if (!isPosition(call) || call >= earlier)
        return refuse(place, `one of the ${earlier} calls before it`, shown(call));
      if (!path.every((step) => typeof step === "string" || isPosition(step)))
        return refuse(place, "positions and names", shown(path));
      return { kind: "result", call, path: path as (number | string)[] };
    }
    return refuse(place, "tensor, packed, list, dict, value or result", shown(value));
  }

  #tensor(name: unknown, place: string): { tensor: HostTensor; float64?: Float64Array } {
    const stored = typeof name === "string" ? this.#tensors.get(name) : undefined;
    if (!stored) return refuse(place, "the name of a tensor of the file", shown(name));
    const tensor = hostTensorOf(stored, `${place} tensor ${shown(name)}`);
    const twin = this.#tensors.get(`f64.${name as string}`);
    if (!twin) return { tensor };
    if (twin.dtype !== "F64" || twin.shape.join() !== stored.shape.join())
      return refuse(
        `${place} tensor "f64.${name as string}"`,
        `F64 [${stored.shape.join(", ")}]`,
        `${twin.dtype} [${twin.shape.join(", ")}]`,
      );
    return { tensor, float64: twin.data as Float64Array };
  }
}

/** Real steps of the rows of a padded tensor [longest, batch, ...]. */
function lengthsOf(value: unknown, [longest, batch]: readonly number[], place: string): readonly number[] {
  const fits = (one: unknown): boolean => isPosition(one) && one >= 1 && one <= longest!;
  if (!Array.isArray(value) || value.length !== batch || !value.every(fits))
    return refuse(place, `${batch} lengths from 1 to ${longest}`, shown(value));
  return value as number[];
}

/** A stored tensor as modules take it: whole numbers as int32. */
function hostTensorOf(stored: NamedTensor, place: string): HostTensor {
  const { dtype, shape, data } = stored;
  if (dtype === "BOOL") return { dtype: "bool", shape, data: data as Uint8Array };
  if (dtype !== "I64" && dtype !== "I32") return toFloat32(stored, place);
  const values = Int32Array.from(data as Int32Array, Number);
  const odd = (data as BigInt64Array).findIndex((value, k) => Number(value) !== values[k]);
  if (odd >= 0) return refuse(place, "whole numbers within int32", String(data[odd]));
  return { dtype: "int32", shape, data: values };
}

/**
 * Reads calls that `record` of `recorder/record.py` wrote: a safetensors file whose metadata describe them.
 *
 * @param place the record, as errors name it
 * @throws UNROLL_FORMAT for a file that is none, or is damaged
 */
export function readPortRecord(bytes: Uint8Array, place = "record"): PortRecord {
  const { tensors, metadata } = readSafetensors(bytes);
  const text = Object.hasOwn(metadata, "unroll") ? metadata["unroll"]! : "";
  let about: unknown;
  try {
    about = JSON.parse(text);
  } catch (cause) {
    return refuse(place, "a description of calls in its metadata", text === "" ? "none" : String(cause));
  }
  if (!isObject(about) || about["form"] !== 1 || typeof about["module"] !== "string")
    return refuse(place, "a record of form 1", shown(isObject(about) ? about["form"] : about));
  const calls = about["calls"];
  if (!Array.isArray(calls) || calls.length < 1 || calls.length > CALLS)
    return refuse(`${place} calls`, `1 to ${CALLS}`, Array.isArray(calls) ? `${calls.length}` : shown(calls));
  const named = new Map(Object.entries(tensors));
  const reader = new Reader(named, place);
  const weights = [...named].filter(([name]) => name.startsWith("w."));
  return {
    module: about["module"],
    weights: Object.fromEntries(weights.map(([name, value]) => [name.slice(2), value])),
    calls: calls.map((call, k) => reader.call(call, k)),
  };
}
