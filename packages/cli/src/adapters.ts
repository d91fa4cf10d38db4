import { type Adapter, unrollError } from "@unroll/api";
import { resolveAdapter } from "@unroll/api/config";
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
  const [adapter, own, ...rest] = name === undefined ? [] : name.split(":");
  if (adapter === "" || own === "" || rest.length > 0)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: "--adapter",
      expected: "NAME or NAME:DEVICE",
      got: `"${name}"`,
      cure: "e.g. onnx:cpu",
      details: { name },
    });
  if (own !== undefined && device !== undefined)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: "--device",
      expected: `none beside "${name}"`,
      got: `"${device}"`,
      cure: "name the device once",
      details: { name, device },
    });
  const made = await resolveAdapter({ adapter, device: own ?? device, cwd: io.cwd, env: io.env });
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
