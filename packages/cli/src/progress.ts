import { Presets, SingleBar } from "cli-progress";
import type { Io } from "./io.js";

/** Progress of long work, on the error stream and only where a person sees it. */
export interface Progress {
  step(label: string): void;
  stop(): void;
}

export function progress(io: Io, total: number): Progress {
  if (!io.interactive) return { step: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      format: "{bar} {value}/{total} {label}",
      clearOnComplete: true,
      hideCursor: true,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { label: "" });
  return { step: (label) => bar.increment(1, { label }), stop: () => bar.stop() };
}
