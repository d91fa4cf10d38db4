import { fileURLToPath } from "node:url";
import { type ExitCode } from "../src/io.js";
import { run } from "../src/run.js";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Runs the command line in this process, in the repository's root. */
export async function unroll(...argv: string[]): Promise<{ code: ExitCode; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await run(argv, {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    interactive: false,
    cwd: root,
    env: {},
  });
  return { code, ...written };
}
