import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertifyReport, properties } from "@unroll/conformance";
import { afterAll, describe, expect, it } from "vitest";
import { fast } from "../../../conformance/test/settings.js";
import { unroll } from "./io.js";
import { unrollProcess } from "./unroll-process.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-certify-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("unroll certify", () => {
  it.skipIf(fast)(
    "prints a line for each property and form, and the seed",
    async () => {
      const judged = properties.reduce((sum, { primitivesOnly }) => sum + (primitivesOnly ? 1 : 2), 0);
      // Every property; the fast lane draws few cases of each.
      const runs = 4;
      const { code, out } = await unroll(
        "certify",
        "--adapter",
        "builtin",
        "--runs",
        `${runs}`,
        "--seed",
        "3",
      );
      expect(code).toBe(0);
      expect(out).toMatch(/^status +form +property +cases +skipped +worst error\/bound\n/);
      expect(out).toMatch(new RegExp(`passed +expanded +oracle-sequence +${runs}`));
      expect(out).toMatch(
        /unsupported {2}nothing-stays-alive, as is: .*\n {2}this engine's objects can't be counted/,
      );
      expect(out).toMatch(
        new RegExp(
          `\\d+ of \\d+ kinds of cases met\n` +
            `builtin \\d+\\.\\d+\\.\\d+ on wasm: ${judged - 2} passed, 0 failed, 2 unsupported; seed 3, ` +
            `${runs} runs a property\n$`,
        ),
      );
    },
    180_000,
  );

  it.each(["tfjs:wasm", "onnx:cpu", "onnx:wasm"])("counts what %s holds", async (adapter) => {
    expect(
      (await unroll("certify", "--adapter", adapter, "--runs", "3", "--seed", "3", "--only", "alive")).out,
    ).toContain("2 passed, 0 failed, 0 unsupported");
  });

  it("writes the report as JSON and as a page", async () => {
    const [json, html] = [join(folder, "report.json"), join(folder, "report.html")];
    expect(
      (
        await unroll(
          "certify",
          "--adapter",
          "onnx:cpu",
          "--runs",
          "2",
          "--only",
          "oracle",
          "--json",
          json,
          "--html",
          html,
        )
      ).code,
    ).toBe(0);
    const report = JSON.parse(readFileSync(json, "utf8")) as CertifyReport;
    expect(Object.keys(report)).toEqual([
      "adapter",
      "device",
      "version",
      "runtime",
      "seed",
      "runs",
      "properties",
      "capabilities",
      "support",
      "summary",
    ]);
    expect(report.support).toBeNull();
    expect(report).toMatchObject({
      adapter: "onnx",
      device: "cpu",
      version: "1.30.0",
      runtime: `Node.js ${process.versions.node}`,
      summary: { passed: 4, failed: 0, unsupported: 0 },
    });
    expect(readFileSync(html, "utf8")).toContain("every property that it can run holds");
    const { out } = await unroll(
      "certify",
      "--adapter",
      "builtin",
      "--runs",
      "1",
      "--only",
      "oracle-step",
      "--json",
      "-",
    );
    expect((JSON.parse(out) as CertifyReport).properties).toHaveLength(2);
  });

  it("fails a broken engine out of a module, with a line that replays the counterexample", async () => {
    const { code, out } = await unroll(
      "certify",
      "--adapter",
      "./examples/custom-adapter/broken.mjs",
      "--runs",
      "40",
      "--seed",
      "3",
      "--only",
      "backward",
    );
    expect(code).toBe(1);
    const [, replay] = /replay: unroll (certify .*)\n/.exec(out)!;
    expect(out).toMatch(/case: simpleRnn\(1->1\); batch 1, time 2/);
    expect(out).toMatch(/with: x = \[\[\[-?[\d.]+\], \[-?[\d.]+\]\]\], layer0\.kernel = \[\[-?[\d.]+\]\]/);
    const again = await unroll(...replay!.split(" "));
    expect(again.code).toBe(1);
    expect(again.out).toMatch(/case: simpleRnn\(1->1\); batch 1, time 2/);
  });

  it("takes an adapter value, a function and a package from anywhere, JavaScript or TypeScript", async () => {
    const api = JSON.stringify(new URL("../../api/dist/index.js", import.meta.url).href);
    const source = (end: string): string => `import { builtin } from ${api};\n${end}\n`;
    writeFileSync(
      join(folder, "value.mjs"),
      source("export const adapter = { ...builtin(), name: 'stranger' }; export const alive = () => 0;"),
    );
    writeFileSync(
      join(folder, "made.ts"),
      source(
        "const make = async (): Promise<object> => ({ ...builtin(), name: 'typed' });\nexport default make;",
      ),
    );
    for (const [file, name] of [
      ["value.mjs", "stranger"],
      ["made.ts", "typed"],
    ] as const) {
      const { code, out } = await unroll(
        "certify",
        "--adapter",
        join(folder, file),
        "--runs",
        "2",
        "--only",
        "oracle-step",
      );
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(new RegExp(`${name} [0-9.]+ on wasm: 2 passed`)) as unknown,
      ]);
    }
  });

  it("names what is wrong with a module or an option", async () => {
    writeFileSync(join(folder, "nothing.mjs"), "export const engine = 1;\n");
    const cases: [string[], RegExp][] = [
      [
        ["--adapter", join(folder, "nothing.mjs")],
        /^unroll: UNROLL_CONFIG module .*to be an adapter or to return one, got undefined among .*engine/,
      ],
      [
        ["--adapter", "./missing.mjs"],
        /^unroll: UNROLL_CONFIG module ".\/missing.mjs": expected a module that loads/,
      ],
      [["--adapter", "no-such-package"], /^unroll: UNROLL_CONFIG module "no-such-package"/],
      [
        ["--adapter", "builtin", "--only", "beauty"],
        /^unroll: UNROLL_ARGUMENT certify: expected a property among/,
      ],
      [["--adapter", "builtin", "--runs", "0"], /^unroll: UNROLL_ARGUMENT --runs/],
    ];
    for (const [argv, message] of cases)
      expect(await unroll("certify", ...argv)).toMatchObject({
        code: 2,
        err: expect.stringMatching(message) as unknown,
      });
  });

  // A process of its own: its handlers of stray errors are those of the process.
  it.each([
    ["a rejection", "Promise.reject(new Error('late \\u001b[31mone'))"],
    ["an error of a timer", "setTimeout(() => { throw new Error('late \\u001b[31mone'); }, 1)"],
  ])("fails an engine that leaves %s to nobody, and keeps the report", async (_, stray) => {
    const api = JSON.stringify(new URL("../../api/dist/index.js", import.meta.url).href);
    const engine = join(folder, "stray.mjs");
    writeFileSync(
      engine,
      `import { builtin } from ${api};
      const { compileSync, ...own } = builtin();
      export default {
        ...own,
        capabilities: { ...own.capabilities, synchronous: false },
        compile(program, weights) {
          ${stray};
          return own.compile(program, weights);
        },
      };`,
    );
    const argv = ["certify", "--adapter", engine, "--runs", "2", "--only", "oracle-step"];
    const told = await unrollProcess(argv);
    expect([told.code, told.out]).toEqual([1, expect.stringContaining("2 passed, 0 failed")]);
    expect(told.err).toMatch(
      /^unroll: .*stray.mjs: an error outside of any call: Error: late .*\(during oracle-/,
    );
    expect(told.err).not.toContain("\u001b");
    const { code, out } = await unrollProcess([...argv, "--json", "-"]);
    const { summary, strays } = JSON.parse(out) as CertifyReport & { strays: string[] };
    expect([code, summary.passed, strays.length > 0]).toEqual([1, 2, true]);
  });
});
