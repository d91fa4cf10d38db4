import { Presets, SingleBar } from "cli-progress";
import { inline } from "./escaped.js";
import type { Io } from "./io.js";

/** Told of each piece of long work as it begins. */
export type Step = (label: string) => void;

/** Does long work in `total` pieces with a bar on the error stream, where a person sees it. */
export async function withProgress<T>(io: Io, total: number, work: (step: Step) => Promise<T>): Promise<T> {
  if (!io.interactive) return work(() => undefined);
  const bar = new SingleBar(
    {
      format: "{bar} {value}/{total} {label}",
      clearOnComplete: true,
      // Ctrl-C ends the process at once, in the middle of a computation that lets no handler run. So nothing
      // about the terminal is changed that would have to be restored.
      hideCursor: false,
      linewrap: true,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { label: "" });
  try {
    return await work((label) => bar.increment(1, { label: inline(label).slice(0, 40) }));
  } finally {
    bar.stop();
  }
}
