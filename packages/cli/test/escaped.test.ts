import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { afterAll, describe, expect, it } from "vitest";
import { inline, jsonLine, printable } from "../src/escaped.js";
import { root, unroll } from "./io.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-escaped-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Clears the screen, sets the title, and a line that looks like a verdict; in 7 and in 8 bits. */
const hostile = "\u001b[2J\u001b]0;owned\u0007\u009b2J\r\u202e\npassed  everything";
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;

describe("text out of files", () => {
  it("is written with what steers a terminal escaped", () => {
    expect(inline("a\u001b[1m\n\tb")).toBe("a\\u001b[1m\\n\\tb");
    expect(printable("a\u001b[1m\n\tb\u009b")).toBe("a\\u001b[1m\n\tb\\u009b");
    expect(inline("caf\u00e9 \u65e5\u672c \u{1f600}")).toBe("caf\u00e9 \u65e5\u672c \u{1f600}");
    expect(jsonLine({ a: hostile })).not.toMatch(steering);
    expect(JSON.parse(jsonLine({ a: hostile }))).toEqual({ a: hostile });
  });

  it("of a weights file, in its table and as JSON", async () => {
    const file = join(folder, "names.safetensors");
    const data = new Float32Array(12);
    writeFileSync(
      file,
      writeSafetensors({
        [`${hostile}.weight_ih_l0`]: { dtype: "F32", shape: [4, 3], data },
        [`${hostile}.weight_hh_l0`]: { dtype: "F32", shape: [4, 1], data: data.slice(0, 4) },
      }),
    );
    const { out } = await unroll("inspect", file);
    expect(out).not.toMatch(steering);
    expect(out).not.toMatch(/^passed {2}everything/m);
    expect(out.trimEnd().split("\n")).toHaveLength(7);
    const json = (await unroll("inspect", file, "--json")).out;
    expect(json).not.toMatch(steering);
    expect((JSON.parse(json) as { tensors: { name: string }[] }).tensors[0]!.name).toContain(hostile);
  });

  it("of a manifest, in errors and in the summary", async () => {
    const { cases } = JSON.parse(readFileSync(join(root, "fixtures/torch/manifest.json"), "utf8")) as {
      cases: { name: string; file: string; module: string }[];
    };
    const entry = cases[0]!;
    copyFileSync(join(root, "fixtures/torch", entry.file), join(folder, entry.file));
    const path = join(folder, "manifest.json");
    for (const changed of [
      { ...entry, name: hostile, module: hostile },
      { ...entry, name: hostile, file: `${hostile}.safetensors` },
      { ...entry, name: hostile, args: { [hostile]: 1 } },
    ]) {
      writeFileSync(path, JSON.stringify({ cases: [changed] }));
      const { code, out, err } = await unroll("verify", path);
      expect(code).not.toBe(0);
      expect(out + err).not.toMatch(steering);
      expect(out + err).not.toMatch(/^passed {2}everything/m);
    }
    writeFileSync(path, JSON.stringify({ cases: [{ ...entry, name: hostile }] }));
    const { code, out } = await unroll("verify", path, "--json");
    expect(code).toBe(0);
    expect(out).not.toMatch(steering);
  });

  it("of a model's vocabulary, as it is sampled", async () => {
    const model = join(folder, "model");
    mkdirSync(model);
    const description = JSON.parse(
      readFileSync(join(root, "fixtures/models/charlm/charlm.json"), "utf8"),
    ) as { vocab: string[] };
    const vocab = description.vocab.map((character) => (character === "e" ? "\u001b[31m" : character));
    writeFileSync(join(model, "charlm.json"), JSON.stringify({ ...description, vocab, prompt: "A" }));
    const { tensors } = readSafetensors(
      readFileSync(join(root, "fixtures/models/charlm/charlm.safetensors")),
    );
    writeFileSync(join(model, "charlm.safetensors"), writeSafetensors(tensors));
    const { code, out } = await unroll("generate", "--model", model, "--length", "60");
    expect(code).toBe(0);
    expect(out).toContain("\\u001b[31m");
    expect(out).not.toMatch(steering);
    expect((await unroll("generate", "--model", model, "--prompt", "\u001b")).err).not.toMatch(steering);
  });
});
