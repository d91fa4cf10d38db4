const LONGEST = 60;
const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text);

/** A value of a JSON file in a few words, however large or deep it is. */
export function described(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value);
    return names.length === 0 ? "an empty object" : `an object with ${cut(names.join(", "))}`;
  }
  return String(value);
}
