import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NamedTensor, readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { tableFaults } from "@unroll/conformance";
import { afterAll, describe, expect, it } from "vitest";
import { fast } from "../../../conformance/test/settings.js";
import { root, unroll } from "./io.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-tables-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const manifests = { torch: "fixtures/torch", keras: "fixtures/keras-like" } as const;
type Entry = { readonly name: string; readonly file: string };
const recorded = Object.fromEntries(
  Object.entries(manifests).map(([dialect, path]) => [
    dialect,
    (JSON.parse(readFileSync(join(root, path, "manifest.json"), "utf8")) as { cases: Entry[] }).cases
      // A relu that is 0 throughout tells nothing; the wide ones take long.
      .filter(({ name }) => !/relu|wide/.test(name))
      .map((entry) => ({
        entry,
        tensors: readSafetensors(readFileSync(join(root, path, entry.file))).tensors as Readonly<
          Record<string, NamedTensor>
        >,
      })),
  ]),
);

describe("a weight table that is wrong both ways is caught by recorded results", () => {
  const some = tableFaults.filter((_, k) => !fast || k % 4 === 0);
  it.each(some.map((fault) => [fault.id, fault] as const))("%s", async (_id, { dialect, read }) => {
    const wrong = recorded[dialect]!.flatMap(({ entry, tensors }) => {
      const changed = read(tensors);
      return changed ? [{ entry, changed }] : [];
    }).slice(0, 5);
    for (const { entry, changed } of wrong)
      writeFileSync(join(folder, entry.file), writeSafetensors(changed));
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ cases: wrong.map(({ entry }) => entry) }));
    const { code, out } = await unroll("verify", join(folder, "manifest.json"), "--json");
    const { cases } = JSON.parse(out) as { cases: { name: string; status: string }[] };
    expect(code).toBe(1);
    expect(
      new Set(
        cases
          .filter(({ status }) => status === "failed")
          .map(({ name }) => name.replace(/ held from zeros$/, "")),
      ),
    ).toEqual(new Set(wrong.map(({ entry }) => entry.name)));
  });
});
