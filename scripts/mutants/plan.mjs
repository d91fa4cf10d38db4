// What of the suite is broken, how, and which tests have to notice; and which survivors are argued for.
import { readFileSync } from "node:fs";

/** Folders and files of conformance/src by what can be broken in them. */
const broken = [
  { of: /^properties\//, by: ["emptied", "comparison", "check", "lifetime", "bound", "wish", "draw"] },
  { of: /^tolerance\//, by: ["comparison", "check", "bound"] },
  { of: /^cases\//, by: ["comparison", "draw"] },
  { of: /^oracle\//, by: ["comparison", "formula"] },
  { of: /^(certify|report\/(numbers|suite|support|tally))\.ts$/, by: ["comparison", "check"] },
];

/** Families of mutants of a file, by its path in conformance/src; none for what judges nothing. */
export const familiesOf = (file) => broken.find(({ of }) => of.test(file))?.by ?? [];

const test = (name, pattern) => ({ file: `conformance/test/${name}.test.ts`, pattern });
/** Whether there are tests of a property in a file that has some of a few. */
const mentions = (file, id) =>
  readFileSync(new URL(`../../conformance/test/${file}.test.ts`, import.meta.url), "utf8").includes(
    `describe("${id}:"`,
  );
const duels = test("faults", "alone kills");

/** Tests of a file by its path in conformance/src, the quickest first; a file may be one that there isn't. */
const noticed = [
  [/^properties\/(judge|derived)\.ts$/, () => [test("judge"), test("checks"), duels]],
  [/^properties\/promises\.ts$/, () => [test("promises"), test("checks", "unclaimed|expanded"), duels]],
  [/^properties\/hold-program\.ts$/, () => [test("hold-program"), test("checks", "primitives|programs")]],
  [
    /^properties\/(.*)\.ts$/,
    ([, id]) => [
      test(id),
      ...["lapses", "not-asked"].filter((file) => mentions(file, id)).map((file) => test(file, `^${id}: `)),
      test("checks", `\\b${id}: `),
      test("faults", `${id} alone kills`),
      test("properties-draws", `\\b${id}: `),
    ],
  ],
  [/^tolerance\//, () => [test("noise"), test("bounds"), test("judge")]],
  [/^cases\/(specs|values|custom-cells)\.ts$/, () => [test("building"), test("drawn"), test("cases")]],
  [
    /^cases\//,
    () => [
      test("building"),
      test("drawn"),
      test("cases"),
      test("checks", "primitives|programs|whole-life|every-size"),
    ],
  ],
  [/^oracle\//, () => [test("oracle"), test("noise")]],
  [/^report\/support\.ts$/, () => [test("support")]],
  [/./, () => [test("reports"), test("certify")]],
];

export function testsOf(file) {
  for (const [of, tests] of noticed) {
    const match = of.exec(file);
    if (match) return tests(match);
  }
  return [];
}

/** Mutants that no test can or should notice, by id, each with its reason. */
export const argued = new Map(
  JSON.parse(readFileSync(new URL("argued.json", import.meta.url), "utf8")).flatMap(({ reason, mutants }) =>
    mutants.map((id) => [id, reason]),
  ),
);
