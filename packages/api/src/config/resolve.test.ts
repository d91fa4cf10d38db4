import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import { readConfig, resolveAdapter } from "./index.js";
import * as page from "./page.js";

const base = mkdtempSync(join(tmpdir(), "unroll-config-"));
afterAll(() => rmSync(base, { recursive: true }));

let made = 0;
/** A folder with these files in it, by path. */
function folder(files: Record<string, string>): string {
  const root = join(base, `${made++}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

async function message(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

const called = (text: string) => {
  const devices: string[] = [];
  const engines = { [text]: (device: string) => (devices.push(device), builtin()) };
  return { devices, engines };
};

describe("the configuration file", () => {
  it("is searched for in the folders above, the nearest first", async () => {
    const root = folder({
      "unroll.config.json": '{ "adapter": "onnx" }',
      "a/unroll.config.json": '{ "adapter": "builtin" }',
      "a/b/c/empty": "",
      "d/e/empty": "",
    });
    expect((await readConfig(join(root, "a/b/c")))?.path).toBe(join(root, "a/unroll.config.json"));
    expect((await readConfig(join(root, "d/e")))?.config).toEqual({ adapter: "onnx" });
  });

  it.each([
    ["mjs", 'export default { adapter: "tfjs:wasm" };'],
    ["cjs", 'module.exports = { adapter: "tfjs:wasm" };'],
    ["json", '\uFEFF{ "adapter": "tfjs:wasm" }'],
    ["mts", 'export default { adapter: "tfjs:wasm" as string };'],
  ])("may be an unroll.config.%s", async (extension, text) => {
    const root = folder({ [`unroll.config.${extension}`]: text });
    expect((await readConfig(root))?.config).toEqual({ adapter: "tfjs:wasm" });
  });

  it.each([
    ['{ "adapter": {} }', 'key "adapter": expected an adapter\'s name, or an adapter, got object'],
    ['{ "adapter": 3 }', 'key "adapter": expected an adapter\'s name, or an adapter, got number'],
    ['{ "adapter": "onnx:" }', "expected NAME or NAME:DEVICE"],
    ['{ "adapter": "onnx:cpu", "device": "cpu" }', 'expected none beside "onnx:cpu"'],
    ['{ "Adapter": "onnx" }', 'did you mean "adapter"?'],
    ['{ "__proto__": { "adapter": "onnx" } }', 'key "__proto__": expected one of adapter, device'],
    ['{ "device": "" }', 'key "device": expected a device\'s name'],
    ["[]", "got an array"],
  ])("refuses %s", async (text, reason) => {
    const cwd = folder({ "unroll.config.json": text });
    const said = await message(() => readConfig(cwd));
    expect(said).toContain("UNROLL_CONFIG");
    expect(said).toContain(reason);
  });

  it("is one in a folder", async () => {
    const cwd = folder({ "unroll.config.json": "{}", "unroll.config.mjs": "export default {};" });
    expect(await message(() => readConfig(cwd))).toContain("unroll.config.mjs and unroll.config.json");
  });
});

describe("one grammar", () => {
  it("NAME:DEVICE means the same in the file, the environment, and code", async () => {
    const { devices, engines } = called("onnx");
    await resolveAdapter("onnx:cpu", { engines });
    await resolveAdapter({ adapter: "onnx:cpu" }, { engines });
    await resolveAdapter({ adapter: "onnx", device: "cpu", engines });
    await resolveAdapter({ env: { UNROLL_ADAPTER: "onnx:cpu" }, engines });
    const cwd = folder({ "unroll.config.json": '{ "adapter": "onnx:cpu" }', "in/empty": "" });
    await resolveAdapter({ cwd: join(cwd, "in"), env: {}, engines });
    await resolveAdapter({ cwd, env: { UNROLL_DEVICE: "webgpu" }, engines });
    await page.resolveAdapter({ adapter: "onnx:cpu" }, { engines });
    await page.resolveAdapter("onnx", { engines });
    expect(devices).toEqual(["cpu", "cpu", "cpu", "cpu", "cpu", "webgpu", "cpu", "wasm"]);
  });

  it("finds installed engines in Node", async () => {
    expect(await resolveAdapter("onnx:cpu")).toMatchObject({ name: "onnx", device: "cpu" });
    const cwd = folder({ "unroll.config.json": '{ "adapter": "tfjs" }' });
    expect(await resolveAdapter({ cwd, env: {} })).toMatchObject({ name: "tfjs", device: "cpu" });
  });

  it.each([
    ["ONNX", 'did you mean "onnx"?'],
    ["Builtin", 'did you mean "builtin"?'],
    ["constructor", "expected an adapter named builtin, tfjs, onnx, got"],
    ["__proto__", "expected an adapter named builtin, tfjs, onnx, got"],
    ["onnx:gpu", "expected one of wasm, cpu, webgpu, webnn"],
    ["onnx:constructor", "expected one of wasm, cpu, webgpu, webnn"],
    ["onnx:cpu:0", "expected NAME or NAME:DEVICE"],
    ["", "expected NAME or NAME:DEVICE"],
  ])("refuses %j in Node and in a page", async (name, reason) => {
    for (const resolve of [resolveAdapter, page.resolveAdapter])
      expect(await message(() => resolve(name))).toContain(reason);
  });

  it("refuses unknown options with the nearest", async () => {
    const given = { Engines: {} } as object;
    expect(await message(() => resolveAdapter(given))).toContain('did you mean "engines"?');
    expect(await message(() => resolveAdapter("builtin", given))).toContain('did you mean "engines"?');
  });
});

describe("engines that are given", () => {
  it("may have names of their own", async () => {
    const { devices, engines } = called("mine");
    expect((await page.resolveAdapter("mine:npu", { engines })).name).toBe("builtin");
    await page.resolveAdapter({ adapter: "mine" }, { engines });
    expect(devices).toEqual(["npu", "cpu"]);
    expect(await message(() => page.resolveAdapter("Mine", { engines }))).toContain('did you mean "mine"?');
  });

  it("are all that a page has", async () => {
    expect((await page.resolveAdapter()).name).toBe("builtin");
    expect(await message(() => page.resolveAdapter("onnx"))).toContain(
      'adapter "onnx": expected an engine "onnx" among those given, got none; pass { engines: { onnx:',
    );
    expect(await message(() => page.resolveAdapter({ cwd: "/" }))).toContain("readConfig: expected Node");
  });

  it("are functions that return adapters", async () => {
    const wrong = { onnx: {} } as unknown as Record<string, () => ReturnType<typeof builtin>>;
    expect(await message(() => resolveAdapter("onnx", { engines: wrong }))).toContain('engine "onnx"');
    const none = { onnx: () => null } as unknown as Record<string, () => ReturnType<typeof builtin>>;
    expect(await message(() => resolveAdapter("onnx", { engines: none }))).toContain("returns null");
  });
});
