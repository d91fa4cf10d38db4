import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { nearest } from "../contract/nearest.js";
import { builtin } from "../builtin/index.js";
import { type Choice, choiceOf, type Config, configKeys, isAdapter, refuseUnknownKeys } from "./choice.js";
import { adapterNames, devicesOf, type EngineMaker, type Engines, isAdapterName } from "./engines.js";

/** Where to look for what configuration leaves open. */
export interface ResolveContext {
  /**
   * Engines by the name that configuration has for them, before any that are installed. A page gives all that
   * it may be configured to use, as a bundler must see their imports:
   * `{ onnx: async (device) => onnx(await import("onnxruntime-web"), { device }) }`.
   */
  readonly engines?: Engines | undefined;
  /** Folder where the search for the configuration file begins. Default, in Node: the working directory. */
  readonly cwd?: string | undefined;
  /** Variables to read `UNROLL_ADAPTER` and `UNROLL_DEVICE` from. Default, in Node: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A choice of adapter, which wins over everything, and where to look for what it leaves open. */
export interface ResolveOptions extends Config, ResolveContext {}

/** What differs between Node and a page. */
export interface Surroundings {
  readonly env: NonNullable<ResolveContext["env"]>;
  /** Reads the configuration file that governs a folder, by default the working directory. */
  readConfig(folder: string | undefined): Promise<{ path: string; config: Config } | null>;
  /** Makes an engine that is installed, for a project in `folder`. */
  installed(name: "tfjs" | "onnx", device: string, folder: string | undefined): Promise<Adapter>;
}

const contextKeys = ["engines", "cwd", "env"] as const;

/** Turns configuration into an adapter value; see {@link resolverIn}. */
export type ResolveAdapter = (
  choice?: string | Adapter | ResolveOptions,
  context?: ResolveContext,
) => Promise<Adapter>;

/**
 * Returns the `resolveAdapter` of Node or of a page: the choice itself first, then `UNROLL_ADAPTER` and
 * `UNROLL_DEVICE`, then the configuration file, then the builtin engine. A device goes with the adapter that
 * is named beside it or below it: a device from the environment is not applied to another adapter that the
 * choice names.
 */
export function resolverIn(surroundings: Surroundings): ResolveAdapter {
  return async (given = {}, context = {}) => {
    refuseUnknownKeys("resolveAdapter option", context, contextKeys);
    const options: ResolveOptions =
      typeof given === "string" || isAdapter(given) ? { adapter: given } : objectOf(given);
    refuseUnknownKeys("resolveAdapter option", options, [...configKeys, ...contextKeys]);
    const engines = makersOf(context.engines ?? options.engines ?? {});
    const env = context.env ?? options.env ?? surroundings.env;
    const cwd = context.cwd ?? options.cwd;
    const choices: Choice[] = [
      choiceOf("option", options),
      choiceOf("UNROLL_ADAPTER", {
        adapter: env["UNROLL_ADAPTER"] || undefined,
        device: env["UNROLL_DEVICE"] || undefined,
      }),
    ];
    // A file is not looked at when something above it decides everything.
    if (!choices.some(({ adapter }) => adapter !== undefined)) {
      const file = await surroundings.readConfig(cwd);
      if (file) choices.push(choiceOf(file.path, file.config));
    }
    const at = choices.findIndex(({ adapter }) => adapter !== undefined);
    const { adapter = "builtin", place } = choices[at] ?? { place: "default" };
    const device = choices
      .slice(0, at < 0 ? choices.length : at + 1)
      .find((choice) => choice.device !== undefined)?.device;
    if (typeof adapter !== "string") return withDevice(adapter, device, place);
    return makeNamed(adapter, device, place, engines, (name, on) => surroundings.installed(name, on, cwd));
  };
}

/** An adapter value, which has its device. @throws UNROLL_CONFIG when another was named */
function withDevice(adapter: Adapter, device: string | undefined, place: string): Adapter {
  if (device !== undefined && device !== adapter.device)
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} device`,
      expected: `"${adapter.device}" as the adapter value has`,
      got: `"${device}"`,
      cure: "a value has its device already",
      details: { device },
    });
  return adapter;
}

function objectOf(given: unknown): ResolveOptions {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given;
  throw unrollError({
    code: "UNROLL_CONFIG",
    place: "resolveAdapter",
    expected: "an adapter, its name, or options",
    got: given === null ? "null" : typeof given,
    cure: 'e.g. "onnx:wasm"',
  });
}

/** The engines that were given, by name. @throws UNROLL_CONFIG for one that is not a function */
function makersOf(engines: Engines): Map<string, EngineMaker> {
  for (const [name, maker] of Object.entries(engines as Readonly<Record<string, unknown>>))
    if (typeof maker !== "function" || !/^[^\s:]+$/.test(name))
      throw unrollError({
        code: "UNROLL_CONFIG",
        place: `engine "${name}"`,
        expected: "a name without spaces and colons, and a function from a device to an adapter",
        got: typeof maker === "function" ? "another name" : typeof maker,
        cure: "e.g. { onnx: (device) => onnx(ort, { device }) }",
        details: { name },
      });
  return new Map(Object.entries(engines));
}

/** Makes the adapter of a name. @throws UNROLL_CONFIG for an unknown name, or a device it does not have */
async function makeNamed(
  name: string,
  device: string | undefined,
  place: string,
  engines: ReadonlyMap<string, EngineMaker>,
  installed: (name: "tfjs" | "onnx", device: string) => Promise<Adapter>,
): Promise<Adapter> {
  const own = engines.get(name);
  if (!isAdapterName(name)) {
    if (own) return madeBy(own, name, device ?? "cpu");
    const names = [...new Set([...adapterNames, ...engines.keys()])];
    throw unrollError({
      code: "UNROLL_CONFIG",
      place,
      expected: `an adapter named ${names.join(", ")}`,
      got: `"${name}"`,
      cure: `did you mean "${nearest(name.toLowerCase(), names)}"?`,
      details: { adapter: name },
    });
  }
  const devices = devicesOf(name);
  const chosen = device ?? devices[0]!;
  if (!devices.includes(chosen))
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `${place} device`,
      expected: `one of ${devices.join(", ")} for adapter "${name}"`,
      got: `"${chosen}"`,
      cure: `leave it out for ${devices[0]}`,
      details: { adapter: name, device: chosen },
    });
  if (own) return madeBy(own, name, chosen);
  if (name !== "builtin") return installed(name, chosen);
  return builtin(device === undefined ? {} : { simd: device === "wasm" });
}

async function madeBy(maker: EngineMaker, name: string, device: string): Promise<Adapter> {
  const adapter: unknown = await maker(device);
  if (isAdapter(adapter)) return adapter;
  throw unrollError({
    code: "UNROLL_CONFIG",
    place: `engine "${name}"`,
    expected: "a function that returns an adapter",
    got: `one that returns ${adapter === null ? "null" : typeof adapter}`,
    cure: "return what onnx(ort, { device }) or tfjs(tf, { backend: device }) returns",
    details: { adapter: name },
  });
}
