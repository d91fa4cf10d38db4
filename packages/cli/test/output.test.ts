import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fast } from "../../../conformance/test/settings.js";
import { root, unroll } from "./io.js";
import { binary, unrollProcess } from "./unroll-process.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-output-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const charlm = "fixtures/models/charlm";
const every: readonly (readonly [string, readonly string[]])[] = [
  ["verify", ["verify", "fixtures/onnx-attr/manifest.json", "--only", "00_lstm"]],
  ["verify --json", ["verify", "fixtures/onnx-attr/manifest.json", "--only", "00_lstm", "--json"]],
  ["certify", ["certify", "--adapter", "builtin", "--runs", "1", "--seed", "3", "--only", "oracle-step"]],
  [
    "certify --json",
    ["certify", "--adapter", "builtin", "--runs", "1", "--seed", "3", "--only", "oracle-step", "--json", "-"],
  ],
  ["compare", ["compare", "--model", charlm, "--length", "2"]],
  ["generate", ["generate", "--model", charlm, "--length", "4"]],
  ["inspect", ["inspect", `${charlm}/charlm.safetensors`]],
  ["--help", ["--help"]],
];
// Each is a process of its own, or two.
const commands = fast ? every.slice(-2) : every;

describe("output that could not be written is a failure", () => {
  it.each(commands)("of %s, when its reader has closed the pipe", async (_name, argv) => {
    const { code, err } = await unrollProcess(argv, "closed");
    expect(err).toMatch(/^unroll: output: expected .*got a pipe that its reader has closed \(EPIPE\); .*\n$/);
    expect(code).toBe(2);
  });

  it.skipIf(!existsSync("/dev/full")).each(commands)("of %s, when the disk is full", async (_name, argv) => {
    const { code, err } = await unrollProcess(argv, { file: "/dev/full" });
    expect(err).toMatch(/^unroll: output: expected .*got no space left \(ENOSPC\); .*\n$/);
    expect(code).toBe(2);
  });

  it("and generate stops at it rather than write on for nobody", async () => {
    const started = performance.now();
    const { code } = await unrollProcess(["generate", "--model", charlm, "--length", "1000000"], "closed");
    expect(code).toBe(2);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("and output that could be written is none", async () => {
    for (const [, argv] of commands.slice(0, 2)) {
      const file = join(folder, "out.txt");
      expect(await unrollProcess(argv, { file })).toEqual({ code: 0, out: "", err: "" });
      expect(readFileSync(file, "utf8").length).toBeGreaterThan(100);
    }
  });
});

describe("a report's file", () => {
  const certify = ["certify", "--adapter", "builtin", "--runs", "1", "--only", "oracle-step"];

  it.each(["--json", "--html"])("of %s is looked at before the run begins", async (option) => {
    // An unknown property is refused by the run itself, so an error about the file came before it.
    for (const [path, reason] of [
      [join(folder, "nowhere", "report"), "none there"],
      [folder, "a folder"],
    ] as const) {
      const { code, out, err } = await unroll("certify", "--only", "beauty", option, path);
      expect([code, out, err]).toEqual([
        2,
        "",
        `unroll: UNROLL_ARGUMENT ${option}: expected a file that can be written, got "${path}": ${reason}; ` +
          "give another path\n",
      ]);
    }
  });

  it("is not made, and one that is there not changed, by a run that fails", async () => {
    const [fresh, old] = [join(folder, "fresh.json"), join(folder, "old.html")];
    writeFileSync(old, "before");
    expect((await unroll("certify", "--only", "beauty", "--json", fresh, "--html", old)).code).toBe(2);
    expect(existsSync(fresh)).toBe(false);
    expect(readFileSync(old, "utf8")).toBe("before");
  });

  it.skipIf(!existsSync("/dev/full")).each(["--json", "--html"])(
    "of %s that fails at the end leaves the report on the output",
    async (option) => {
      const { code, out, err } = await unroll(...certify, option, "/dev/full");
      expect(code).toBe(2);
      expect(err).toMatch(new RegExp(`^unroll: UNROLL_ARGUMENT ${option}: .*got "/dev/full": no space left`));
      expect(JSON.parse(out)).toMatchObject({ adapter: "builtin", summary: { passed: 2 } });
    },
  );
});

const terminal = ["script", "/usr/bin/script"].some((path) => existsSync(path));

describe("Ctrl-C", () => {
  // util-linux's script gives the process a terminal; -e ends as the process ends.
  it.skipIf(!terminal)("leaves the terminal as it was, and ends with 130", () => {
    const long = "certify --adapter builtin --runs 100000 --only oracle-step";
    const command = `${process.execPath} ${binary} ${long}`;
    const seen = execFileSync(
      "script",
      ["-qc", `timeout --foreground --preserve-status -s INT 2 ${command}; echo "code $?"`, "/dev/null"],
      { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    expect(seen).toContain("0/1000");
    expect(seen).toContain("code 130");
    // Hiding the cursor, and no wrapping of lines.
    expect(seen).not.toContain("\u001b[?25l");
    expect(seen).not.toContain("\u001b[?7l");
  });
});
