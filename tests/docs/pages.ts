import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folders that hold no page of ours. */
const skipped = new Set(["node_modules", "dist", "api", ".git", "fixtures"]);

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const generated = skipped.has(entry.name) && path !== join(root, "packages", "api");
      return generated ? [] : markdownIn(path);
    }
    return entry.name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

/** Every page of the repository, from its root: `README.md`, `docs/patterns.md`, ... */
export const pages: readonly string[] = markdownIn(root).sort();

/** The text of a page. */
export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Number of the first line of its code, from 1. */
  readonly line: number;
  /** What stands behind the fence: `ts`, `js`, `json`, `sh`, ... or nothing. */
  readonly language: string;
  readonly code: string;
  /** Why it is not run: `<!-- not run: REASON -->` before the fence. */
  readonly notRun: string | null;
  /** Folder whose file it is, for what it imports: `<!-- in FOLDER -->`. */
  readonly folder: string;
  /** What stands before it in that file: `<!-- in FOLDER, after`, the code, `-->`. */
  readonly after: string;
  /** Whether it goes on where the block before it ended; a page says so once, for all of its blocks. */
  readonly continues: boolean;
}

const fence = /(?:^<!-- ((?:(?!-->)[\s\S])*?)\s*-->\n)?^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

/** The blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const text = textOf(page);
  const together = text.includes("<!-- every block continues the one before -->");
  return [...text.matchAll(fence)].map((match) => {
    const [whole, comment = "", language, code] = match as unknown as [string, string, string, string];
    const before = text.slice(0, match.index + whole.lastIndexOf(`\`\`\`${language}\n${code}`));
    const [, folder = "", , after = ""] = /^in ([^\s,]+)(, after\n([\s\S]*))?$/.exec(comment) ?? [];
    return {
      page,
      line: before.split("\n").length + 1,
      language,
      code,
      notRun: /^not run: (.+)$/s.exec(comment)?.[1] ?? null,
      folder,
      after,
      continues: together && comment !== "a module of its own",
    };
  });
}
