// Brings what every package says of itself in line with the package.json of the repository, the one place
// that has the version and the repository's address: `node scripts/manifests.mjs`, with --check to be told
// only.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(join(root, path), "utf8");
const { homepage, repository, version, workspaces } = JSON.parse(read("package.json"));
export { workspaces };

/** Where a file of the repository can be read; READMEs on npm link there. */
export const pageOf = (path) => `${homepage}/blob/main/${path}`;

/** Addresses under this one are nobody's: nothing may be published before there is a real one. */
export const addressIsReal = !new URL(homepage).hostname.endsWith(".example");

/** What the manifest of a package in a folder must say. */
export const manifestOf = (folder) => ({
  version,
  repository: { ...repository, directory: folder },
  homepage: pageOf(`${folder}/README.md`),
  bugs: `${homepage}/issues`,
});

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const names = workspaces.map((folder) => JSON.parse(read(join(folder, "package.json"))).name);

/** A manifest with the version and the addresses of the repository's, its form left as it is. */
function alignedManifest(text, folder) {
  const { homepage: page, bugs } = manifestOf(folder);
  const own = new RegExp(`("(?:${names.map(escaped).join("|")})": )"[^"]*"`, "g");
  return text
    .replace(/("version": )"[^"]*"/, `$1"${version}"`)
    .replace(/("repository": )\{[^}]*\}/, (_, key) => {
      const { type, url, directory } = manifestOf(folder).repository;
      return `${key}{ "type": "${type}", "url": "${url}", "directory": "${directory}" }`;
    })
    .replace(/("homepage": )"[^"]*"/, `$1"${page}"`)
    .replace(/("bugs": )"[^"]*"/, `$1"${bugs}"`)
    .replace(own, `$1"^${version}"`);
}

/** A README whose links into the repository have its address. */
const alignedReadme = (text) => text.replace(/\(https:\/\/[^()\s]*\/blob\/main\//g, `(${pageOf("")}`);

const files = [
  ...workspaces.flatMap((folder) => [
    [join(folder, "package.json"), (text) => alignedManifest(text, folder)],
    [join(folder, "README.md"), alignedReadme],
  ]),
  ["packages/api/src/version.ts", (text) => text.replace(/"\d+\.\d+\.\d+[^"]*"/, `"${version}"`)],
];

/** Files that say something else than the repository's package.json. */
export const strayFiles = () =>
  files.filter(([path, align]) => align(read(path)) !== read(path)).map(([path]) => path);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stray = strayFiles();
  if (!process.argv.includes("--check"))
    for (const [path, align] of files) writeFileSync(join(root, path), align(read(path)));
  else if (stray.length > 0) {
    console.error(`not in line with package.json: ${stray.join(", ")}; node scripts/manifests.mjs`);
    process.exitCode = 1;
  }
}
