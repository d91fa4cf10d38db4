import type { Adapter } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import { engines, liveSessions, liveTensors, variants } from "../../tests/engines.js";
import { certifySuite } from "../src/index.js";
import { fast, runs, seed } from "./settings.js";

// Forms of the adapters that are only reached by an option are certified too, as they are.
const others = Object.keys(variants).filter((name) => !(name in engines));

const both = ["as is", "expanded"] as const;
const suites: readonly (readonly [
  name: string,
  make: () => Adapter,
  forms: readonly ("as is" | "expanded")[],
])[] = [
  ...Object.entries(engines).map(([name, make]) => [name, make, fast ? both.slice(0, 1) : both] as const),
  ...others.map((name) => [name, variants[name]!, ["as is"]] as const),
];

/** What has many examples that every run goes through. */
const long = /\((every-size|every-pair|primitives-in-every-form),/;

describe.each(suites)(`%s, seed ${seed}`, (name, make, forms) => {
  const tests = certifySuite(make(), {
    runs,
    seed,
    forms,
    ...(name.startsWith("tfjs")
      ? { alive: liveTensors }
      : name.startsWith("onnx")
        ? { alive: liveSessions }
        : {}),
  });
  for (const { name: title, report } of tests)
    it.skipIf(fast && long.test(title))(title, async () => {
      const { met } = await report();
      // Few random programs meet few kinds; and engines that claim less skip some.
      if (name !== "builtin" || title.includes("programs-equal-definitions")) return;
      expect(Object.entries(met).filter(([, count]) => count === 0)).toEqual([]);
    });
});
