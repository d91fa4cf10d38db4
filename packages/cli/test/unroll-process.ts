import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { root } from "./io.js";

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as npm links it. */
export const binary = join(root, "packages/cli/bin/unroll.js");

/** Where the output of a process goes: into this test, into a file, or nowhere as its reader has gone. */
export type Output = "pipe" | "closed" | { readonly file: string };

/** Runs the built command in a process of its own, in the repository's root. */
export async function unrollProcess(argv: readonly string[], output: Output = "pipe"): Promise<Ended> {
  const file = typeof output === "object" ? openSync(output.file, "w") : null;
  const child = spawn(process.execPath, [binary, ...argv], {
    cwd: root,
    stdio: ["ignore", file ?? "pipe", "pipe"],
  });
  if (file !== null) closeSync(file);
  if (output === "closed") child.stdout?.destroy();
  const written = { out: "", err: "" };
  child.stdout?.on("data", (data: Buffer) => (written.out += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (written.err += data.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, ...written };
}
