import type { Adapter } from "@unroll/api";
import { choiceOf, resolveAdapter } from "@unroll/api/config";
import type { Io } from "./io.js";
import { withoutBanner } from "./tfjs-banner.js";

/** An adapter as the command line names it. */
export interface NamedAdapter {
  /** As given: `onnx` or `onnx:cpu`. */
  readonly name: string;
  readonly adapter: Adapter;
}

/**
 * The adapter of `name` or `name:device`; of the environment and the configuration file where no name is
 * given.
 *
 * @param device from an option of its own
 * @throws UNROLL_CONFIG for an unknown name or device, or a package that is not installed
 */
export async function adapterOf(
  name: string | undefined,
  device: string | undefined,
  io: Io,
): Promise<NamedAdapter> {
  const choice = choiceOf("--adapter", { adapter: name, device });
  const made = await resolveAdapter(
    { adapter: choice.adapter, device: choice.device },
    { cwd: io.cwd, env: io.env },
  );
  if (made.name === "tfjs") await withoutBanner();
  return { name: name ?? made.name, adapter: made };
}

/** Several, in order; one of configuration where none is named. */
export async function adaptersOf(names: readonly string[], io: Io): Promise<NamedAdapter[]> {
  return Promise.all(
    (names.length === 0 ? [undefined] : names).map((name) => adapterOf(name, undefined, io)),
  );
}

/** Splits what a repeatable option was given: `a,b` and repetitions alike. */
export const listed = (value: string, before?: readonly string[]): string[] => [
  ...(before ?? []),
  ...value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
];
