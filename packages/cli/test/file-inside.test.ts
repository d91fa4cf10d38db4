import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, unroll } from "./io.js";

const folder = mkdtempSync(join(tmpdir(), "unroll-inside-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const home = join(folder, "home");
const path = join(home, "manifest.json");
type Entry = { readonly name: string; readonly file: string };

/** The first case of a fixture, its files beside the folder of the manifest that names them. */
function outside(fixture: string): Entry {
  const { cases } = JSON.parse(readFileSync(join(root, fixture, "manifest.json"), "utf8")) as {
    cases: Entry[];
  };
  const entry = cases[0]!;
  for (const file of entry.file ? [entry.file] : [`${entry.name}.safetensors`, `${entry.name}.onnx`])
    copyFileSync(join(root, fixture, file), join(folder, file));
  return entry;
}

beforeAll(() => {
  mkdirSync(join(home, "sub"), { recursive: true });
});

const verify = (entry: unknown) => {
  writeFileSync(path, JSON.stringify({ cases: [entry] }));
  return unroll("verify", path);
};

describe("a file that a manifest names lies in its folder", () => {
  const [torch, keras, onnx] = [
    outside("fixtures/torch"),
    outside("fixtures/keras-like"),
    outside("fixtures/onnx-attr"),
  ];
  const refused = (got: string) => ({
    code: 2,
    out: "",
    err:
      `unroll: UNROLL_FORMAT manifest "${path}" cases[0]: expected a file in folder "${home}", ` +
      `got ${got}; put the file into the folder and name it alone\n`,
  });

  it.each([
    ["torch", torch],
    ["keras", keras],
  ])("of %s", async (_kind, entry) => {
    const { file } = entry;
    for (const name of [`../${file}`, `sub/../../${file}`, join(folder, file), "..", "", `C:\\${file}`])
      expect(await verify({ ...entry, file: name })).toEqual(refused(JSON.stringify(name)));
    const link = `link-${file}`;
    symlinkSync(join(folder, file), join(home, link));
    expect(await verify({ ...entry, file: link })).toEqual(refused(`"${link}", a link out of it`));
    copyFileSync(join(folder, file), join(home, "sub", file));
    symlinkSync(join("sub", file), join(home, file));
    for (const name of [file, `sub/${file}`, `sub/../${file}`])
      expect(await verify({ ...entry, file: name })).toMatchObject({ code: 0 });
  });

  it("of onnx, whose name is its file's", async () => {
    expect(await verify({ ...onnx, name: `../${onnx.name}` })).toEqual(
      refused(`"../${onnx.name}.safetensors"`),
    );
    copyFileSync(join(folder, `${onnx.name}.safetensors`), join(home, `${onnx.name}.safetensors`));
    symlinkSync(join(folder, `${onnx.name}.onnx`), join(home, `${onnx.name}.onnx`));
    expect(await verify(onnx)).toEqual(refused(`"${onnx.name}.onnx", a link out of it`));
  });

  it("and so do a model's files", async () => {
    const model = join(folder, "model");
    mkdirSync(model);
    const charlm = join(root, "fixtures/models/charlm");
    copyFileSync(join(charlm, "charlm.json"), join(model, "charlm.json"));
    symlinkSync(join(charlm, "charlm.safetensors"), join(model, "charlm.safetensors"));
    expect(await unroll("generate", "--model", model, "--length", "1")).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /UNROLL_FORMAT model .*got "charlm.safetensors", a link out of it/,
      ) as unknown,
    });
  });
});

describe("a size that a file names is bounded", () => {
  const { cases } = JSON.parse(readFileSync(join(root, "fixtures/torch/manifest.json"), "utf8")) as {
    cases: (Entry & { args: object })[];
  };
  const entry = cases[0]!;

  it.each([
    ["num_layers", 1e6, "a whole number from 1 to 256"],
    ["hidden_size", 1e9, "a whole number from 1 to 1000000"],
    ["input_size", -1, "a whole number from 1 to 1000000"],
    ["proj_size", 0.5, "a whole number from 0 to 1000000"],
  ])("%s of a module", async (name, value, expected) => {
    const { code, err } = await verify({ ...entry, args: { ...entry.args, [name]: value } });
    expect([code, err]).toEqual([
      2,
      `unroll: UNROLL_FORMAT manifest "${path}" cases[0].args.${name}: expected ${expected}, got ${value}; ` +
        "write it with record.py\n",
    ]);
  });

  it("num_layers of a model", async () => {
    const charlm = join(root, "fixtures/models/charlm");
    const model = join(folder, "tall");
    mkdirSync(model);
    const json = JSON.parse(readFileSync(join(charlm, "charlm.json"), "utf8")) as {
      architecture: { lstm: { num_layers: number } };
    };
    json.architecture.lstm.num_layers = 1e6;
    writeFileSync(join(model, "charlm.json"), JSON.stringify(json));
    copyFileSync(join(charlm, "charlm.safetensors"), join(model, "charlm.safetensors"));
    expect((await unroll("generate", "--model", model)).err).toMatch(
      /charlm\.json architecture\.lstm\.num_layers: expected a whole number from 1 to 256, got 1000000; /,
    );
  });
});
