import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveAdapter } from "@unroll/api/config";
import { describe, expect, it } from "vitest";
import { unroll } from "../../packages/cli/test/io.js";
import { root } from "./pages.js";
import { blocksIn } from "./snippets.js";

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
}
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
const scripts = manifest("").scripts!;
const ours = manifest("").workspaces!.map((folder) => manifest(folder).name);

/** Commands of a block: one a line or between `&&`, without the comment behind them. */
const commandsOf = (code: string): string[][] =>
  code
    .split("\n")
    .flatMap((line) => line.replace(/\s#.*$/, "").split("&&"))
    .map((command) =>
      command
        .trim()
        .split(/\s+/)
        .filter((word) => word !== ""),
    )
    .filter((words) => words.length > 0);

/** What is wrong with a command, or null. */
async function wrongWith([program, ...words]: readonly string[]): Promise<string | null> {
  if (program === "npx" && words[0] === "unroll") return wrongWith(words);
  if (program === "unroll") {
    const [name = "", ...rest] = words;
    const help = (await unroll(name, "--help")).out;
    const options = rest.flatMap((word) => /^\[?(--[a-z-]+)\]?$/.exec(word)?.[1] ?? []);
    const unknown = options.filter((option) => !new RegExp(`^ +(-\\w, )?${option}\\b`, "m").test(help));
    return help.startsWith(`Usage: unroll ${name}`) ? (unknown[0] ?? null) : `no command ${name}`;
  }
  if (program === "node") return existsSync(join(root, words[0]!)) ? null : `no file ${words[0]!}`;
  if (program !== "npm") return `no program ${program!}`;
  const [verb, ...rest] = words;
  if (verb === "ci" || verb === "test") return null;
  if (verb === "run") return Object.hasOwn(scripts, rest[0]!) ? null : `no script ${rest[0]!}`;
  if (verb !== "install") return `no npm ${verb!}`;
  return rest.find((name) => name.startsWith("@unroll/") && !ours.includes(name)) ?? null;
}

describe("the commands on the pages", () => {
  const blocks = blocksIn("sh");
  it.each(blocks.map((block) => [`${block.page}:${block.line}`, block.code]))(
    "%s: there is each of them, with its options",
    async (_, code) => {
      const commands = commandsOf(code);
      expect(commands.length).toBeGreaterThan(0);
      const wrong = await Promise.all(commands.map(wrongWith));
      expect(wrong.filter((one) => one !== null)).toEqual([]);
    },
  );

  it("would be found out", async () => {
    for (const line of [
      "unroll verify FILE --frobnicate",
      "npx unroll frobnicate",
      "npm run frobnicate",
      "npm install @unroll/frobnicate",
      "node frobnicate.mjs",
    ])
      expect(await wrongWith(commandsOf(line)[0]!), line).not.toBeNull();
  });
});

describe("the configurations on the pages", () => {
  it.each(blocksIn("json").map((block) => [`${block.page}:${block.line}`, block.code]))(
    "%s is one",
    async (_, code) => {
      const folder = mkdtempSync(join(tmpdir(), "unroll-config-"));
      try {
        writeFileSync(join(folder, "unroll.config.json"), code);
        const { adapter, device } = JSON.parse(code) as Record<string, string>;
        expect(await resolveAdapter({ cwd: folder, env: {} })).toMatchObject({ name: adapter, device });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
