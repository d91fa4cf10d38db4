import type { Writable } from "node:stream";
import { systemReason } from "./files.js";

/** Where results go. */
export interface StandardOutput {
  write(text: string): void;
  /** Waits until everything is written, or has failed. */
  finish(): Promise<void>;
}

/**
 * A stream for results that tells when one could not be written: a full disk, or a pipe that its reader has
 * closed.
 *
 * @param failed is told once, with the error in one line
 */
export function standardOutput(stream: Writable, failed: (message: string) => void): StandardOutput {
  let told = false;
  const fail = (error: Error | null | undefined): void => {
    if (!error || told) return;
    told = true;
    const got = systemReason(error);
    failed(`output: expected that results can be written, got ${got}; what came before is not whole`);
  };
  stream.on("error", fail);
  return {
    write: (text) => void stream.write(text, fail),
    finish: () =>
      new Promise((resolve) => {
        stream.write("", (error) => {
          fail(error);
          resolve();
        });
      }),
  };
}
