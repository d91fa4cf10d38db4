import { join } from "node:path";
import { type Block, blocksOf, pages, root } from "./pages.js";

/** Code of a page as one module: a block, or all blocks of a page that go on from each other. */
export interface Snippet {
  /** `docs/patterns.md:6`: where it stands. */
  readonly name: string;
  /** The file it is written to; a dot and no folder of sources, so that nothing else picks it up. */
  readonly file: string;
  readonly code: string;
  /** What `console.log` prints, line by line, as the comment behind it says. */
  readonly prints: readonly string[];
  readonly notRun: string | null;
  /** Line of the page for each line of the file. */
  readonly lines: readonly number[];
}

function snippetOf(blocks: readonly Block[]): Snippet {
  const { page, line, language, folder, after, notRun } = blocks[0]!;
  const head = after === "" ? [] : after.split("\n");
  const lines = blocks.flatMap((block) => block.code.split("\n").map((_, k) => block.line + k));
  const code = blocks.map((block) => block.code).join("\n");
  return {
    name: `${page}:${line}`,
    file: join(
      root,
      folder,
      `.snippet-${page.replace(/\W/g, "-")}-${line}.${language === "ts" ? "ts" : "mjs"}`,
    ),
    // A file without an import or export would be a script.
    code: [...head, code, "export {};", ""].join("\n"),
    prints: [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, comment]) => comment!),
    notRun,
    lines: [...head.map(() => line), ...lines],
  };
}

const isCode = ({ language }: Block): boolean => language === "ts" || language === "js";

/** The TypeScript and JavaScript of every page. */
export const snippets: readonly Snippet[] = pages.flatMap((page) => {
  const blocks = blocksOf(page).filter(isCode);
  const joined = blocks.filter((block) => block.continues);
  const alone = blocks.filter((block) => !block.continues);
  return [...(joined.length > 0 ? [joined] : []), ...alone.map((block) => [block])].map(snippetOf);
});

/** Blocks in other languages, by language. */
export const blocksIn = (language: string): Block[] =>
  pages.flatMap(blocksOf).filter((block) => block.language === language);
