import { DAMAGED, refuse } from "./refuse.js";

/** A JSON object out of a file; what is in it is for its reader to check. @throws UNROLL_FORMAT */
export function jsonObject(place: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    return refuse(place, "JSON", cause instanceof Error ? cause.message : "others", DAMAGED, cause);
  }
  return isObject(value) ? value : refuse(place, "a JSON object", typeof value, DAMAGED);
}

/** Whether a value out of JSON is an object with names. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A field of an object by its own name. */
export const field = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
