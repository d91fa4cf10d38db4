import { rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { resetDefaultGraph } from "@unroll/api/tf1";
import { fast } from "../../conformance/test/settings.js";
import { blocksOf, pages, root } from "./pages.js";
import { snippets } from "./snippets.js";

beforeAll(() => {
  for (const { file, code } of snippets) writeFileSync(file, code);
});
afterAll(() => {
  for (const { file } of snippets) rmSync(file, { force: true });
});

// A page's reader begins in a process of their own; here another file's graph may stand in this one.
beforeEach(() => resetDefaultGraph());

/** What a page's reader sees of a value that is printed. */
const shown = (values: readonly unknown[]): string =>
  values.map((value) => (Array.isArray(value) ? `[${value.join(", ")}]` : String(value))).join(" ");

/** What the compiler says of the TypeScript of every page, by page and line. */
function complaints(): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const typed = snippets.filter(({ file }) => file.endsWith(".ts"));
  const program = ts.createProgram(
    typed.map(({ file }) => file),
    options,
  );
  return typed.flatMap(({ file, name, lines }) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const at = lines[source.getLineAndCharacterOfPosition(start).line];
        return `${name}: line ${at}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      },
    );
  });
}

describe("the code on the pages", () => {
  for (const { name, file, prints } of snippets.filter(({ notRun }) => notRun === null))
    // Certifying an engine is a long run.
    it.skipIf(fast && name.startsWith("conformance/"))(
      `${name} runs as it stands and prints what it says`,
      { timeout: 180_000 },
      async () => {
        const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
        try {
          await import(/* @vite-ignore */ pathToFileURL(file).href);
          expect(log.mock.calls.map(shown)).toEqual(prints);
        } finally {
          log.mockRestore();
        }
      },
    );

  // The type-checker takes its time over so many modules.
  it.skipIf(fast)("is TypeScript without a complaint where it says so", () => {
    expect(complaints()).toEqual([]);
  });

  it("is in a language that is checked, and says why where it is not run", () => {
    const known = new Set(["ts", "js", "json", "sh", ""]);
    const blocks = pages.flatMap(blocksOf);
    expect(
      blocks.filter(({ language }) => !known.has(language)).map(({ page, line }) => `${page}:${line}`),
    ).toEqual([]);
    const left = snippets.filter(({ notRun }) => notRun !== null);
    console.info(
      [
        `${snippets.length - left.length} of ${snippets.length} modules of ${pages.length} pages were run`,
        ...left.map(({ name, notRun }) => `not run: ${name}: ${notRun}`),
      ].join("\n"),
    );
    expect(snippets.length - left.length).toBeGreaterThan(10);
  });
});
