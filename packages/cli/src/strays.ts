import { inspect } from "node:util";

/** What reached nobody while something ran: rejections that are handled nowhere, errors of timers. */
export interface Strays {
  /** A line for each kind, and how often it came; the first is that of the first. */
  readonly lines: () => readonly string[];
  /** Stops listening. */
  readonly end: () => Promise<void>;
}

/**
 * Collects errors that an engine throws outside of any call of it. They would end the process with a bare
 * stack, and the run of many minutes with it.
 *
 * @param during what runs now, for the lines
 */
export function collectStrays(during: () => string): Strays {
  const counts = new Map<string, number>();
  const stray = (error: unknown): void => {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
    const line = `${what} (during ${during()})`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  };
  process.on("unhandledRejection", stray);
  process.on("uncaughtException", stray);
  return {
    lines: () => [...counts].map(([line, count]) => (count > 1 ? `${line}, ${count} times` : line)),
    async end() {
      // Rejections are told of after the microtasks of a turn.
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.off("unhandledRejection", stray);
      process.off("uncaughtException", stray);
    },
  };
}
