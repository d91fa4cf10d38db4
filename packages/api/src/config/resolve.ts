import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { nearest } from "../contract/nearest.js";
import { type AdapterName, adapterNames, makeAdapter } from "./engines.js";
import { readConfig } from "./file.js";

/** Where to look for a choice of adapter. */
export interface ResolveOptions {
  /** An explicit choice, by name or as a value. Wins over everything. */
  readonly adapter?: string | Adapter | undefined;
  /** Where a named adapter computes, e.g. `wasm`. Default: the adapter's own. */
  readonly device?: string | undefined;
  /** Folder of the configuration file. Default: the working directory. */
  readonly cwd?: string | undefined;
  /** Variables to read `UNROLL_ADAPTER` and `UNROLL_DEVICE` from. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

interface Source {
  readonly place: string;
  readonly adapter?: string | Adapter | undefined;
  readonly device?: string | undefined;
}

const optionKeys = ["adapter", "device", "cwd", "env"] as const;

/**
 * Turns configuration into an adapter value: the options first, then `UNROLL_ADAPTER` and `UNROLL_DEVICE`,
 * then `unroll.config.{ts,js,json}`, then the builtin engine. A device goes with the adapter that is named
 * beside it or below it: a device from the environment is not applied to another adapter that the options
 * name.
 *
 * @throws UNROLL_CONFIG for unknown names, devices and keys, and for a package that is not installed
 */
export async function resolveAdapter(options: ResolveOptions = {}): Promise<Adapter> {
  const unknown = Object.keys(options).find((key) => !(optionKeys as readonly string[]).includes(key));
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `resolveAdapter option "${unknown}"`,
      expected: `one of ${optionKeys.join(", ")}`,
      got: "an unknown key",
      cure: `did you mean "${nearest(unknown, optionKeys)}"?`,
      details: { key: unknown },
    });
  const env = options.env ?? process.env;
  const sources: Source[] = [
    { place: "option", adapter: options.adapter, device: options.device },
    {
      place: "UNROLL_ADAPTER",
      adapter: env["UNROLL_ADAPTER"] || undefined,
      device: env["UNROLL_DEVICE"] || undefined,
    },
  ];
  // A file is not looked at when something above it decides everything.
  if (!sources.some((s) => s.adapter !== undefined)) {
    const file = await readConfig(options.cwd ?? process.cwd());
    if (file) sources.push({ place: file.path, ...file.config });
  }
  const at = sources.findIndex((s) => s.adapter !== undefined);
  const chosen: Source = sources[at] ?? { place: "default", adapter: "builtin" };
  const device = sources
    .slice(0, at < 0 ? sources.length : at + 1)
    .find((s) => s.device !== undefined)?.device;

  if (typeof chosen.adapter === "object") {
    if (device !== undefined && device !== chosen.adapter.device)
      throw unrollError({
        code: "UNROLL_CONFIG",
        place: `${chosen.place} device`,
        expected: `"${chosen.adapter.device}" as the adapter value has`,
        got: `"${device}"`,
        cure: "a value has its device already",
        details: { device },
      });
    return chosen.adapter;
  }
  const name = chosen.adapter!;
  if (!(adapterNames as readonly string[]).includes(name)) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: chosen.place,
      expected: `an adapter named ${adapterNames.join(", ")}`,
      got: `"${name}"`,
      cure: `did you mean "${nearest(name, adapterNames)}"?`,
      details: { adapter: name },
    });
  }
  return makeAdapter(name as AdapterName, device, chosen.place);
}
