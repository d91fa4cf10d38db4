/** The JSON text of plain data with the keys of every object in one order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

/**
 * A short hash of plain data, 8 hex digits (FNV-1a): the same on every machine, without regard to the order
 * of keys. Against mistakes, not against malice: who wants two values of one hash can make them.
 */
export function canonicalHash(value: unknown): string {
  const text = canonical(value);
  let hash = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
