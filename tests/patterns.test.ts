import { readFileSync } from "node:fs";
import * as api from "@unroll/api";
import * as cells from "@unroll/api/cells";
import * as keras from "@unroll/api/keras";
import * as torch from "@unroll/api/torch";
import { expect, it } from "vitest";

const modules: Readonly<Record<string, object>> = {
  "@unroll/api": api,
  "@unroll/api/cells": cells,
  "@unroll/api/keras": keras,
  "@unroll/api/torch": torch,
};
const page = readFileSync(new URL("../docs/patterns.md", import.meta.url), "utf8");
const code = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block!).join("\n");

/** What a page's reader sees of a value that is printed. */
const shown = (values: readonly unknown[]): string =>
  values.map((value) => (Array.isArray(value) ? `[${value.join(", ")}]` : String(value))).join(" ");

it("the blocks of docs/patterns.md run one after the other and print what they say", async () => {
  const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, comment]) => comment!);
  expect(said.length).toBeGreaterThan(8);
  const body = code.replace(
    /^import \{ (.*) \} from "(.*)";$/gm,
    (_, names: string, from: string) => `const { ${names.replaceAll(" as ", ": ")} } = modules["${from}"];`,
  );
  const printed: string[] = [];
  const run = new Function("modules", "console", `return (async () => {\n${body}\n})();`) as (
    modules: object,
    console: object,
  ) => Promise<void>;
  await run(modules, { log: (...values: unknown[]) => printed.push(shown(values)) });
  expect(printed).toEqual(said);
});
