// Translates a date and shows where it looked: node examples/dates/main.mjs "May 27, 2033". The engine comes
// from unroll.config.* or UNROLL_ADAPTER.
import { readFile } from "node:fs/promises";
import { resolveAdapter } from "@unroll/api/config";
import { loadDates } from "./dates.mjs";

const model = new URL("../../fixtures/models/dates/", import.meta.url);
const date = process.argv[2] ?? "Saturday, 3 October 2026";
const dates = await loadDates({
  adapter: await resolveAdapter(),
  about: JSON.parse(await readFile(new URL("dates.json", model), "utf8")),
  file: await readFile(new URL("dates.safetensors", model)),
});
const {
  texts: [text],
  looks: [looks],
} = await dates.translate([date]);
const shades = [" ", "░", "▒", "▓", "█"];
console.log(`${date} is ${text}\n\n  ${date}`);
looks.forEach((look, k) =>
  console.log(
    `${text[k]} ${Array.from(look, (share) => shades[Math.round(share * (shades.length - 1))]).join("")}`,
  ),
);
dates.dispose();
