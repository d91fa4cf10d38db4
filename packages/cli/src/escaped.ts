// Controls (C0, DEL, C1) move the cursor, change colours and more; the marks of writing direction show a text
// in another order than it has.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const escape = (character: string): string =>
  names[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text out of a file as part of a line: what would steer a terminal is escaped, line ends too. */
export const inline = (text: string): string => text.replace(CONTROL, escape);

/** A text of several lines: the same, with line ends and tabs left as they are. */
export const printable = (text: string): string =>
  text.replace(CONTROL, (character) =>
    character === "\n" || character === "\t" ? character : escape(character),
  );

/** JSON in one line that no terminal obeys; it parses to the same value. */
export const jsonLine = (value: unknown): string => `${inline(JSON.stringify(value))}\n`;
