// The one list of entry points is `paths` of tsconfig.base.json: tests run these sources, builds start from
// them, and check-packages compares them with what each package exports.
import { readFileSync } from "node:fs";

const { compilerOptions } = JSON.parse(
  readFileSync(new URL("../tsconfig.base.json", import.meta.url), "utf8"),
);

/** Source files from the root of the repository, by what is imported. */
export const entryPoints = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([specifier, [file]]) => [specifier, file]),
);

/** Source files of one package from its own folder, by subpath; `index` is the package itself. */
export function entriesOf(name) {
  const own = Object.entries(entryPoints).filter(
    ([specifier]) => specifier === name || specifier.startsWith(`${name}/`),
  );
  return Object.fromEntries(
    own.map(([specifier, file]) => [
      specifier.slice(name.length + 1) || "index",
      file.slice(file.lastIndexOf("src/")),
    ]),
  );
}
