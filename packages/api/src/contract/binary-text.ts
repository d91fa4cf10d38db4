// An AudioWorklet has neither btoa nor atob.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 of a string of bytes, as `btoa` of a page, in any host. */
export function btoa(binary: string): string {
  let text = "";
  for (let at = 0; at < binary.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => binary.charCodeAt(at + k) || 0) as [number, number, number];
    const word = (a << 16) | (b << 8) | c;
    for (let k = 0; k < 4; k++) text += at + k > binary.length ? "=" : alphabet[(word >> (18 - 6 * k)) & 63];
  }
  return text;
}

/** The string of bytes back. @throws for what is not padded base64 */
export function atob(text: string): string {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error("not base64");
  const digits = text.replace(/=/g, "");
  let [binary, word, bits] = ["", 0, 0];
  for (const digit of digits) {
    word = ((word << 6) | alphabet.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits >= 8) binary += String.fromCharCode((word >> (bits -= 8)) & 255);
  }
  return binary;
}
