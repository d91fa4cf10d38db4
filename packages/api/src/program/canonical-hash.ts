/** The JSON text of plain data with the keys of every object in one order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

/**
 * A short hash of plain data, 16 hex digits: the same on every machine, without regard to the order of keys.
 * Against mistakes, not against malice: who wants two values of one hash can make them.
 */
export function canonicalHash(value: unknown): string {
  const text = canonical(value);
  // FNV-1a twice over, with two starts and two primes.
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let k = 0; k < text.length; k++) {
    const code = text.charCodeAt(k);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
