import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "./pages.js";

/** A caret in a program that a user writes, and what the editor has to say there. */
const hovers: readonly (readonly [code: string, says: RegExp])[] = [
  ["lstmCell({ inputSize: 1, units: 2, ^cellClip: 3 })", /`cell_clip`/],
  ["lstmCell({ inputSize: 1, ^units: 2 })", /cell state/],
  ["gruCell({ inputSize: 1, units: 2, ^resetAfter: false })", /Keras's default/],
  ['recurrent({ name: "a", input: "x", cell, ^direction: "backward" })', /last step to the first/],
  ['recurrent({ name: "a", input: "x", cell, ^maskedOutput: "zero" })', /past a row's length/],
  ['dense({ name: "d", input: "x", inputSize: 1, ^units: 1 })', /output's last axis/],
  ['attention({ name: "a", query: "q", value: "v", inputSize: 1, ^score: "dot" })', /Luong/],
  ['input({ name: "x", shape: [], ^axis: null })', /time axis/],
  ["lstmCell({ inputSize: 1, units: 2 }).^peepholes", /cell state before the step/],
  ["layers.lstm({ ^units: 1 })", /Size of the state/],
  ["layers.lstm({ units: 1, ^returnSequences: true })", /every step/],
  ["layers.^dense({ units: 1 })", /Keras's `Dense`/],
  ["new nn.LSTM(1, 2, { ^projSize: 1 })", /projection/],
  ["builtin().^capabilities", /expanded or refused/],
];
const head = `import { attention, builtin, dense, gruCell, input, lstmCell, recurrent } from "@unroll/api";
import { layers } from "@unroll/api/keras";
import { nn } from "@unroll/api/torch";
const cell = lstmCell({ inputSize: 1, units: 2 });
`;
const file = join(root, ".snippet-hover.ts");
const code = head + hovers.map(([line]) => line.replace("^", "")).join(";\n");

/** A language service, as an editor has one, over a program that is nowhere but in memory. */
function service(): ts.LanguageService {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const text = (path: string): string | undefined => (path === file ? code : ts.sys.readFile(path));
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const found = text(path);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: text,
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  });
}

describe("an editor over a user's program", () => {
  const editor = service();
  let at = head.length;
  for (const [line, says] of hovers) {
    const position = at + line.indexOf("^");
    at += line.replace("^", "").length + ";\n".length;
    it(`shows what ${line} means`, () => {
      const info = editor.getQuickInfoAtPosition(file, position);
      expect(ts.displayPartsToString(info?.documentation)).toMatch(says);
    });
  }

  it("knows every name in it", () => {
    const wrong = editor.getSemanticDiagnostics(file).map(({ messageText }) => messageText);
    expect(wrong).toEqual([]);
  });
});
