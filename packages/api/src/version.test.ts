import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { builtin } from "./index.js";

it("the version in reports is that of the package", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(builtin().version).toBe(version);
});
