import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { nearest } from "../contract/nearest.js";

/** A choice of engine, as `unroll.config.*` holds it and {@link resolveAdapter} takes it. */
export interface Config {
  /** `NAME` or `NAME:DEVICE`, e.g. `onnx:wasm`; in code also an adapter value. Default `builtin`. */
  readonly adapter?: string | Adapter | undefined;
  /** Where a named adapter computes, unless `adapter` says so. Default: the adapter's own. */
  readonly device?: string | undefined;
}

/** Keys that a configuration may have. */
export const configKeys = ["adapter", "device"] as const;

/** A choice taken apart. */
export interface Choice {
  /** Where it was made, for errors. */
  readonly place: string;
  /** Name of an adapter, or one; undefined where the choice is open. */
  readonly adapter?: string | Adapter | undefined;
  /** Where it computes; undefined for the adapter's own. */
  readonly device?: string | undefined;
}

/** Whether a value is an adapter; what it computes is another matter. */
export function isAdapter(value: unknown): value is Adapter {
  if (typeof value !== "object" || value === null) return false;
  const { name, device, capabilities, compile } = value as Partial<Record<keyof Adapter, unknown>>;
  return (
    typeof name === "string" &&
    typeof device === "string" &&
    typeof capabilities === "object" &&
    typeof compile === "function"
  );
}

/** Refuses keys other than those known. @throws UNROLL_CONFIG naming the nearest one */
export function refuseUnknownKeys(place: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} "${unknown}"`,
      expected: `one of ${known.join(", ")}`,
      got: "an unknown key",
      cure: `did you mean "${nearest(unknown.toLowerCase(), known)}"?`,
      details: { key: unknown },
    });
}

/** `NAME` or `NAME:DEVICE`, as every place that names an adapter has it. */
function namesOf(place: string, text: string): { adapter: string; device?: string } {
  const [adapter = "", device, ...rest] = text.split(":");
  if (adapter === "" || device === "" || rest.length > 0)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place,
      expected: "NAME or NAME:DEVICE",
      got: `"${text}"`,
      cure: "e.g. onnx:cpu",
      details: { name: text },
    });
  return device === undefined ? { adapter } : { adapter, device };
}

const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "an array" : `${typeof value}`;

/**
 * Takes apart what one place chose.
 *
 * @throws UNROLL_CONFIG for another type, text that is not `NAME` or `NAME:DEVICE`, and two devices
 */
export function choiceOf(place: string, { adapter, device }: Config): Choice {
  if (device !== undefined && (typeof device !== "string" || device === ""))
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} key "device"`,
      expected: "a device's name",
      got: device === "" ? '""' : kindOf(device),
      cure: 'e.g. "wasm"',
    });
  if (adapter === undefined) return { place, device };
  if (typeof adapter !== "string") {
    if (isAdapter(adapter)) return { place, adapter, device };
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} key "adapter"`,
      expected: "an adapter's name, or an adapter",
      got: kindOf(adapter),
      cure: 'e.g. "onnx:wasm", or builtin()',
    });
  }
  const named = namesOf(place, adapter);
  if (named.device !== undefined && device !== undefined)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} device`,
      expected: `none beside "${adapter}"`,
      got: `"${device}"`,
      cure: "name the device once",
      details: { name: adapter, device },
    });
  return { place, adapter: named.adapter, device: named.device ?? device };
}
