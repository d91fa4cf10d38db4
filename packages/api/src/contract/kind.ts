/** What a value is, in a word, for errors: its class, or the value itself where it is nothing. */
export const kindOf = (value: unknown): string =>
  String(value && ((value.constructor as { name?: string } | undefined)?.name ?? "object"));

/** Whether a value is an object of named values, and no instance of a class: Map, Promise, a tensor. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
