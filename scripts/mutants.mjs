// Breaks the suite on purpose, one place at a time, and counts how often its own tests notice.
//
//   node scripts/mutants.mjs
//   [--only PART-OF-A-PATH] [--family NAME,...] [--sample N] [--seed S] [--jobs 2] [--limit SECONDS]
//   [--json FILE] [--again FILE] [--survivors FILE] [--list]
//
// Each mutant is one edit of a file in conformance/src (scripts/mutants/operators.mjs), made in a copy of the
// working tree; the tests that are near it (scripts/mutants/plan.mjs) run until one fails. A mutant that no
// test ends within the limit is killed too: the suite would not end. Types are not looked at. `--again` takes
// what an earlier run wrote by `--json`, and keeps of it what was killed.
import { execFileSync, fork } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { mutantsOf } from "./mutants/operators.mjs";
import { argued, familiesOf, testsOf } from "./mutants/plan.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    family: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
    limit: { type: "string", default: "60" },
    again: { type: "string" },
    json: { type: "string" },
    survivors: { type: "string" },
    list: { type: "boolean" },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const sources = join(root, "conformance/src");

/** Every mutant that was asked for, in the order of the files. */
function chosen() {
  const wanted = values.family?.split(",");
  const files = readdirSync(sources, { recursive: true })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"))
    .sort();
  const all = files.flatMap((file) =>
    mutantsOf(
      file,
      readFileSync(join(sources, file), "utf8"),
      familiesOf(file).filter((family) => !wanted || wanted.includes(family)),
    ),
  );
  const some = all.filter(({ id }) => id.includes(values.only));
  if (values.sample === undefined) return some;
  // Mulberry32, so that a sample can be taken again.
  let state = Number(values.seed) >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const keyed = some.map((mutant) => [random(), mutant]).sort(([a], [b]) => a - b);
  return keyed.slice(0, Number(values.sample)).map(([, mutant]) => mutant);
}

/** The working tree in a place of its own, with the libraries of this one. */
function copied() {
  const copy = mkdtempSync(join(tmpdir(), "unroll-mutants-"));
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root });
  const present = `${files}`
    .split("\n")
    .filter((file) => existsSync(join(root, file)) && !/^(node_modules)?$/.test(file));
  const packed = execFileSync("tar", ["cf", "-", "-T", "-"], {
    cwd: root,
    input: present.join("\n"),
    maxBuffer: 2 ** 30,
  });
  execFileSync("tar", ["xf", "-"], { cwd: copy, input: packed });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** A vitest in a process of its own, that is ended with all that it started when it takes too long. */
class Runner {
  copy = copied();
  child = null;

  async start() {
    const worker = fileURLToPath(new URL("mutants/worker.mjs", import.meta.url));
    this.child = fork(worker, [this.copy, values.limit], { cwd: this.copy, detached: true, stdio: "ignore" });
    await this.next();
  }

  next() {
    const { child } = this;
    return new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`vitest ended with code ${code}`)));
    }).finally(() => child.removeAllListeners());
  }

  async ask(message) {
    if (!this.child) await this.start();
    const answer = this.next();
    this.child.send(message);
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ failed: true, test: "out of time" }), Number(values.limit) * 1000);
    });
    const result = await Promise.race([answer, late]).finally(() => clearTimeout(timer));
    if (result.error) throw new Error(result.error);
    if (result.test === "out of time") {
      answer.catch(() => undefined);
      this.end();
      // What was being broken stays broken in the copy.
      if (message.file) writeFileSync(join(this.copy, message.file), message.before);
    }
    return result;
  }

  end() {
    if (!this.child) return;
    this.child.removeAllListeners();
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
    this.child = null;
  }

  remove() {
    this.end();
    rmSync(this.copy, { recursive: true, force: true });
  }
}

const key = ({ file, pattern }) => `${file} ${pattern ?? ""}`;

async function work(runner, queue, sound, results) {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const tests = testsOf(mutant.file).filter(({ file }) => existsSync(join(runner.copy, file)));
    // Tests that fail anyhow would kill everything.
    for (const test of tests)
      if (!sound.has(key(test))) {
        sound.add(key(test));
        const { failed, test: name } = await runner.ask({ tests: [test] });
        if (failed) throw new Error(`fails without any mutant: ${name}`);
      }
    const file = `conformance/src/${mutant.file}`;
    const before = readFileSync(join(runner.copy, file), "utf8");
    const text = before.slice(0, mutant.start) + mutant.text + before.slice(mutant.end);
    const { failed, test } = await runner.ask({ file, before, text, tests });
    const status = failed ? "killed" : argued.has(mutant.id) ? "argued" : "survived";
    results.push({ ...mutant, status, by: test ?? null });
    if (status === "survived") console.error(`survived: ${mutant.file}:${mutant.line} ${mutant.id}`);
    if (status === "killed" && argued.has(mutant.id))
      console.error(`killed after all, take it out of argued.json: ${mutant.id}`);
    if (results.length % 100 === 0) console.error(`${results.length} done, ${queue.length} to go`);
    if (values.json && results.length % 20 === 0) written(results);
  }
}

const written = (results) => writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);

const percent = (part, of) => (of === 0 ? "-" : `${((100 * part) / of).toFixed(1)} %`);

/** Mutants that are argued for can't be killed, so the score is of the others; beside it that of all. */
function table(results, of) {
  const rows = [...new Set(results.map((one) => one[of]))].sort().map((name) => {
    const own = results.filter((one) => one[of] === name);
    const count = (status) => own.filter((one) => one.status === status).length;
    return [name, own.length, count("killed"), count("survived"), count("argued")];
  });
  rows.push(["all", ...[1, 2, 3, 4].map((k) => rows.reduce((sum, row) => sum + row[k], 0))]);
  return [
    `| ${of} | mutants | killed | survived | argued for | score | killed of all |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map(([name, count, killed, survived, reasoned]) => {
      const scores = [percent(killed, killed + survived), percent(killed, count)];
      return `| ${[name, count, killed, survived, reasoned, ...scores].join(" | ")} |`;
    }),
  ].join("\n");
}

const earlier = new Map();
if (values.again)
  for (const one of JSON.parse(readFileSync(values.again, "utf8")))
    if (one.status === "killed") earlier.set(one.id, one);
const all = chosen();
const queue = all.filter(({ id }) => !earlier.has(id));
if (values.list) {
  for (const { file, line, id } of queue) console.log(`${file}:${line} ${id}`);
  console.log(`${queue.length} mutants`);
} else {
  const results = all.filter(({ id }) => earlier.has(id)).map((one) => ({ ...earlier.get(one.id), ...one }));
  const count = Math.min(Number(values.jobs), queue.length);
  const runners = Array.from({ length: count }, () => new Runner());
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
  process.on("exit", () => runners.forEach((runner) => runner.remove()));
  await Promise.all(runners.map((runner) => work(runner, queue, new Set(), results)));
  console.log(table(results, "family"));
  console.log(`\n${table(results, "file")}`);
  if (values.json) written(results);
  const survivors = results.filter(({ status }) => status === "survived");
  if (values.survivors) writeFileSync(values.survivors, survivors.map(({ id }) => `${id}\n`).join(""));
  process.exitCode = survivors.length > 0 ? 1 : 0;
  for (const runner of runners) runner.end();
}
