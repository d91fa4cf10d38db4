import type { Graph } from "./graph.js";

/** A module under its path, as `namedModules` has it. */
export type NamedObject = readonly [path: string, module: object];

/** Attributes of modules that count what happened, and say nothing of the mathematics. */
const counters: ReadonlySet<string> = new Set(["version", "preparedVersion"]);

/** What is no tensor and no tuple of them: `forward` sees it as it is, and each is a trace of its own. */
export const isPlain = (value: unknown): boolean =>
  typeof value !== "object" && value !== null && value !== undefined;

/** A number, text or flag, told from every other one. */
export const signatureOfPlain = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;

/** Numbers, texts and flags in attributes: `forward` may ask for them, so other ones are another trace. */
export function attributesOf(modules: readonly NamedObject[]): string {
  return modules
    .map(([, module]) =>
      Object.entries(module).flatMap(([name, value]) =>
        isPlain(value) && typeof value !== "function" && !counters.has(name)
          ? [`${name} ${signatureOfPlain(value)}`]
          : [],
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
