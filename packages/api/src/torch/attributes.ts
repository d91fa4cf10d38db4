import { isRecord } from "../contract/kind.js";
import { isHostTensor } from "../contract/tensor.js";
import type { Graph } from "./graph.js";

/** A module under its path, as `namedModules` has it. */
export type NamedObject = readonly [path: string, module: object];

/** Attributes of every module that say nothing of the mathematics: what happened, and where it runs. */
const internal: ReadonlySet<string> = new Set(["adapter", "version", "preparedVersion"]);

/** What is no tensor and no tuple of them: `forward` sees it as it is, and each is a trace of its own. */
export const isPlain = (value: unknown): boolean =>
  typeof value !== "object" && value !== null && value !== undefined;

/** A number, text or flag, told from every other one. */
export const signatureOfPlain = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;

/** Lists within lists deeper than this are not looked into; no configuration is. */
const DEEPEST = 8;

/** Numbers, texts and flags of an attribute, or in the lists and objects there. */
function* plainIn(name: string, value: unknown, depth: number): Iterable<string> {
  if (typeof value === "function") return;
  if (isPlain(value)) yield `${name} ${signatureOfPlain(value)}`;
  else if (depth < DEEPEST && (Array.isArray(value) || (isRecord(value) && !isHostTensor(value))))
    for (const [key, within] of Object.entries(value)) yield* plainIn(`${name}.${key}`, within, depth + 1);
}

/**
 * Numbers, texts and flags in attributes, and in lists and objects there: `forward` may ask for them, so
 * other ones are another trace.
 */
export function attributesOf(modules: readonly NamedObject[]): string {
  return modules
    .map(([, module]) =>
      Object.entries(module).flatMap(([name, value]) =>
        internal.has(name) ? [] : [...plainIn(name, value, 0)],
      ),
    )
    .join();
}

/** Refuses what `forward` wrote into attributes: later runs would not write it again. */
export function assertUnwritten(
  graph: Graph,
  modules: readonly NamedObject[],
  before: readonly (readonly [string, unknown][])[],
): void {
  modules.forEach(([path, module], k) => {
    const own = new Map(before[k]);
    const odd = Object.entries(module).find(([name, value]) => !Object.is(own.get(name), value));
    if (odd)
      graph.refuse(
        "UNROLL_UNSUPPORTED",
        "forward",
        "no attribute to be written",
        `this.${path === "" ? "" : `${path}.`}${odd[0]}`,
        "forward describes the model once; return a state and pass it to the next run",
      );
  });
}
