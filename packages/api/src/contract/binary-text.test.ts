import { expect, it } from "vitest";
import { atob, btoa } from "./binary-text.js";

it("is the base64 of the platform, for every byte and every length", () => {
  for (let length = 0; length < 300; length++) {
    const binary = String.fromCharCode(...Array.from({ length }, (_, k) => (k * 37 + length) & 255));
    expect(btoa(binary)).toBe(globalThis.btoa(binary));
    expect(atob(globalThis.btoa(binary))).toBe(binary);
  }
});

it.each(["A", "AA", "AAA", "AA=", "A===", "AAAA=", "AA__", "AA AA", "ÄÄÄÄ"])("refuses %j", (text) => {
  expect(() => atob(text)).toThrow("not base64");
});
