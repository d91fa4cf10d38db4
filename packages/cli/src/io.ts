/** Where a command writes. A test gives its own; `main.ts` gives the process's. */
export interface Io {
  /** Results: what a pipe gets. */
  out(text: string): void;
  /** Everything for the person in front of it. */
  err(text: string): void;
  /** Whether progress may be drawn on the error stream. */
  readonly interactive: boolean;
  /** Folder that relative paths and the configuration file are looked up in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a command ends with: 0 done, 1 a check failed, 2 it could not be run as asked. */
export type ExitCode = 0 | 1 | 2;
