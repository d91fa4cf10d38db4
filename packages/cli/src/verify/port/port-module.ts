import { unrollError } from "@unroll/api";
import type { Port } from "@unroll/conformance";
import type { Io } from "../../io.js";
import { loadModule } from "../../module-file.js";

/**
 * The port that a module of the user's exports: the export of that name; else the default one, else the only
 * export.
 *
 * @throws UNROLL_CONFIG for a module that does not load, or has no such export
 */
export async function portOf(name: string, exported: string | undefined, io: Io): Promise<Port> {
  const module = await loadModule(name, io, "give a path or an installed package");
  const names = Object.keys(module);
  const chosen = exported ?? (names.includes("default") ? "default" : names.length === 1 ? names[0]! : null);
  if (chosen !== null && names.includes(chosen) && isPort(module[chosen])) return module[chosen];
  throw unrollError({
    code: "UNROLL_CONFIG",
    place: `module "${name}"`,
    expected:
      (exported === undefined ? "its default export, or its only one," : `its export "${exported}"`) +
      " to be an nn.Module, a class of them, or a function that returns one",
    got: `exports ${names.join(", ") || "none"}`,
    cure: "name one by --export",
    details: { name, exports: names },
  });
}

const isPort = (value: unknown): value is Port =>
  typeof value === "function" || (typeof value === "object" && value !== null);
