import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { properties } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { pages, root, textOf } from "./pages.js";

/** Everything of a page but its fenced blocks. */
const prose = (page: string): string => textOf(page).replace(/^ *```[\s\S]*?^ *```$/gm, "");

/** The anchor of a heading, as it is made where pages are shown: words and dashes, nothing else. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");

const anchorsOf = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

const { homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { homepage: string };

/** What is wrong with a link of a page, or null. Links to other sites are not followed. */
function wrongLink(page: string, link: string): string | null {
  const own = `${homepage}/blob/main/`;
  const inside = link.startsWith(own);
  if (/^[a-z]+:/.test(link) && !inside) return null;
  // npm shows a package's README far away from the repository.
  if (!inside && !link.startsWith("#") && /^(packages\/[^/]+|conformance)\/README\.md$/.test(page))
    return `${link} leads nowhere on npm`;
  const [path = "", anchor] = (inside ? link.slice(own.length) : link).split("#");
  const target = inside ? path : path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, target))) return `${link}: no such file`;
  if (anchor === undefined) return null;
  return anchorsOf(target).includes(anchor) ? null : `${link}: no such heading`;
}

describe("links", () => {
  it.each(pages)("of %s lead somewhere", (page) => {
    const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    expect(links.map((link) => wrongLink(page, link)).filter((wrong) => wrong !== null)).toEqual([]);
  });

  it("and names of files in a page are of files that there are", () => {
    const folders = /`((?:packages|conformance|docs|examples|fixtures|scripts|tests|bench)\/[\w./-]+)`/g;
    const named = pages.flatMap((page) =>
      [...prose(page).matchAll(folders)].map(([, path]) => ({ page, path: path! })),
    );
    expect(named.length).toBeGreaterThan(30);
    const gone = named.filter(({ path }) => path !== "docs/api" && !existsSync(join(root, path)));
    expect(gone).toEqual([]);
  });

  it("that lead nowhere would be found", () => {
    expect(wrongLink("README.md", "docs/nothing.md")).not.toBeNull();
    expect(wrongLink("README.md", "docs/patterns.md#nothing")).not.toBeNull();
    expect(wrongLink("docs/patterns.md", "#one-to-one")).toBeNull();
    expect(wrongLink("packages/cli/README.md", "../api/README.md")).not.toBeNull();
    expect(wrongLink("packages/cli/README.md", `${homepage}/blob/main/docs/nothing.md`)).not.toBeNull();
  });
});

function sourcesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (["node_modules", "dist", "fixtures", "docs"].includes(name) || name.startsWith(".")) return [];
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourcesIn(path);
    return /\.(m?ts|mjs|py)$/.test(name) ? [path] : [];
  });
}

/** Text of the comments and strings of every source file, with lines joined that the margin broke. */
const sources = ["packages", "conformance", "examples", "scripts", "bench", "tests"]
  .flatMap((folder) => sourcesIn(join(root, folder)))
  .map((path) => ({
    file: relative(root, path),
    text: readFileSync(path, "utf8").replace(/\n\s*(\*|\/\/) ?/g, " "),
  }));
const rules = new Set(
  [...textOf("docs/semantics.md").matchAll(/^### (.*)$/gm)].map(([, heading]) => heading!),
);

/** What a file cites that is nowhere. */
function wrongCitations(text: string): string[] {
  const cited = [...text.matchAll(/[Ss]emantics rules? ((?:[\w`-]+(?:, | and )?)+)/g)].flatMap(([, list]) =>
    [...list!.matchAll(/^[\w-]+|`([\w-]+)`/g)].map(([whole, id]) => id ?? whole),
  );
  const pagesCited = [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => page);
  return [
    ...cited.filter((id) => !rules.has(id)).map((id) => `semantics rule ${id}`),
    ...pagesCited.filter((page) => !existsSync(join(root, page))),
    // Sections have numbers in books and papers; pages of ours have headings.
    ...[...text.matchAll(/[Ss]emantics page|\bdesign (page|document)/g)].map(([words]) => words),
  ];
}

describe("what comments cite", () => {
  it("exists: rules of docs/semantics.md by their headings, pages by their names", () => {
    expect(rules.size).toBeGreaterThan(20);
    const wrong = sources
      .filter(({ file }) => file !== "tests/docs/citations.test.ts")
      .flatMap(({ file, text }) => wrongCitations(text).map((citation) => `${file}: ${citation}`));
    expect(wrong).toEqual([]);
  });

  it("would be found out", () => {
    expect(wrongCitations("semantics rule `lstm` and")).toEqual([]);
    expect(wrongCitations("semantics rules `lstm` and `gru`")).toEqual(["semantics rule gru"]);
    expect(wrongCitations("semantics rule gru; gates")).toEqual(["semantics rule gru"]);
    expect(wrongCitations("semantics page 1.4.1, docs/nothing.md")).toHaveLength(2);
  });

  it("is what properties cite too; R and a number is a requirement", () => {
    const cited = properties.flatMap((property) => property.rules).filter((id) => !/^R\d+$/.test(id));
    expect(cited.length).toBeGreaterThan(30);
    expect(cited.filter((id) => !rules.has(id))).toEqual([]);
  });
});
