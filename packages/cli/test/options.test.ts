import { describe, expect, it } from "vitest";
import { unroll } from "./io.js";

const charlm = "fixtures/models/charlm";

describe("a number among the options", () => {
  it.each(["1e99", "NaN", "Infinity", "-1", "0", "2.5", "1000001", "", "12x"])(
    "--length %s is refused with the bounds, in one line",
    async (value) => {
      for (const command of ["generate", "compare"])
        expect(await unroll(command, "--model", charlm, `--length=${value}`)).toEqual({
          code: 2,
          out: "",
          err:
            "unroll: UNROLL_ARGUMENT --length: expected a whole number from 1 to 1000000, " +
            `got "${value}"; give another\n`,
        });
    },
  );

  it.each(["garbage", "1e300", "0.5", "NaN"])("--seed %s is refused with the bounds", async (value) => {
    const expected = /^unroll: UNROLL_ARGUMENT --seed: expected a whole number from -?\d+ to \d+, got .*\n$/;
    for (const argv of [["certify"], ["generate", "--model", charlm]])
      expect(await unroll(...argv, "--seed", value)).toEqual({
        code: 2,
        out: "",
        err: expect.stringMatching(expected) as unknown,
      });
  });

  it.each([
    ["garbage", ["--seed", "1"]],
    ["1:x", ["--seed", "1"]],
    ["99999999999999", ["--seed", "1"]],
    ["0", []],
  ])("--path %s with %j is refused in one line", async (path, seed) => {
    const argv = ["certify", "--adapter", "builtin", "--only", "oracle-step", "--runs", "2", ...seed];
    const { code, out, err } = await unroll(...argv, "--path", path);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^unroll: UNROLL_ARGUMENT --path: expected numbers with colons .*\n$/);
  });
});

describe("unroll certify", () => {
  it.each([
    ["a path that leads to no case", ["--seed", "1", "--only", "oracle-step", "--path", "0:999999"]],
    ["properties that can't be checked here", ["--only", "alive"]],
  ])("is not green with %s", async (_name, argv) => {
    const { code, out, err } = await unroll("certify", "--adapter", "builtin", "--runs", "2", ...argv);
    expect(code).toBe(1);
    expect(out).toContain("0 passed, 0 failed, 2 unsupported");
    expect(err).toMatch(/^unroll: builtin: expected a property that can be checked, got none; .*\n$/);
  });
});

describe("help", () => {
  it.each(["generate", "compare", "inspect", "verify", "certify"])(
    "of %s names each default once, in words",
    async (command) => {
      const { code, out } = await unroll(command, "--help");
      expect(code).toBe(0);
      expect(out).not.toContain("[]");
      for (const option of out.split(/\n(?= {2}-)/)) expect(option.split("(default").length).toBeLessThan(3);
    },
  );
});
