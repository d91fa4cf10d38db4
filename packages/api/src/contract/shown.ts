/** A value of any kind as an error shows it: as JSON where it can be written so, and never long. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = typeof value === "number" || typeof value === "bigint" ? undefined : JSON.stringify(value);
    text ??= String(value) + (typeof value === "bigint" ? "n" : "");
  } catch {
    // In a circle, nested without end, or with a bigint within: its kind says enough.
    text = Array.isArray(value) ? "a list that JSON can't hold" : "an object that JSON can't hold";
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
