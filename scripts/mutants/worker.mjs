// Runs tests on a copy of the repository, over and over, in one vitest that stays warm: for each message
// { file, text, tests } it writes the file, runs the tests one file after the other until one fails, and
// answers { failed, test }. The file is as it was before when the answer comes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createVitest } from "vitest/node";

const [root, limit] = process.argv.slice(2);
process.chdir(root);
const vitest = await createVitest("test", {
  root,
  watch: false,
  bail: 1,
  reporters: [{}],
  maxWorkers: 1,
  testTimeout: Number(limit) * 1000,
  onConsoleLog: () => false,
});
const [project] = vitest.projects;

/** The first failure of some tests. */
async function failureOf({ file, pattern }) {
  const specification = project.createSpecification(join(root, file));
  vitest.setGlobalTestNamePattern(pattern ?? "");
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  // Of files that ran before, their last results are among these.
  const module = testModules.find(({ moduleId }) => moduleId === specification.moduleId);
  for (const one of module.children.allTests("failed")) return `${file}: ${one.fullName}`;
  if (!module.ok()) return `${file}: ${module.errors()[0]?.message ?? "failed"}`;
  if (unhandledErrors.length > 0) return `${file}: ${unhandledErrors[0].message}`;
  if ([...module.children.allTests("passed")].length === 0)
    throw new Error(`no test of ${file} matches ${pattern}`);
  return null;
}

async function answerTo({ file, text, tests }) {
  const path = file && join(root, file);
  const before = path && readFileSync(path, "utf8");
  if (path) writeFileSync(path, text);
  if (path) vitest.invalidateFile(path);
  try {
    for (const test of tests) {
      const failed = await failureOf(test);
      if (failed !== null) return { failed: true, test: failed };
    }
    return { failed: false };
  } finally {
    if (path) writeFileSync(path, before);
    if (path) vitest.invalidateFile(path);
  }
}

process.on("message", (message) => {
  answerTo(message).then(
    (answer) => process.send(answer),
    (error) => process.send({ error: error.stack ?? String(error) }),
  );
});
process.send({ ready: true });
