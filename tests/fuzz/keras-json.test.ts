import { readdirSync, readFileSync } from "node:fs";
import { isUnrollError } from "@unroll/api";
import * as keras from "@unroll/api/keras";
import * as tfjs from "@unroll/api/tfjs";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { mutatedJson } from "./mutate.js";

// Models as their frameworks wrote them, with a few changes anywhere: a model, or one error of the library's,
// in bounded time. UNROLL_FUZZ says how many of each.

const numRuns = Number(process.env["UNROLL_FUZZ"] ?? 300);
const seed = 17;

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), "utf8")) as unknown;

const { models } = read("keras-models/manifest.json") as { models: readonly { readonly config: object }[] };
const ports = readdirSync(new URL("../../fixtures/ports/keras/", import.meta.url))
  .filter((file) => file.endsWith(".json"))
  .map((file) => [file, read(`ports/keras/${file}`)] as const);
const ofTfjs = ([file]: readonly [string, unknown]): boolean => file.startsWith("tfjs");

const prototypes = [Object.prototype, Array.prototype, Function.prototype];
const keysBefore = prototypes.map((one) => Reflect.ownKeys(one).length);
afterEach(() => {
  expect(prototypes.map((one) => Reflect.ownKeys(one).length)).toEqual(keysBefore);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

/** Reads every changed model, and writes again what it holds. */
function property(real: readonly unknown[], modelFromJson: (json: object) => keras.KerasModel): void {
  const counts = { read: 0, refused: 0 };
  fc.assert(
    fc.property(mutatedJson(real), (json) => {
      const start = performance.now();
      try {
        const made = modelFromJson(json as object);
        made.countParams();
        made.summary({ printFn: () => undefined });
        made.toJson();
        counts.read++;
      } catch (error) {
        if (!isUnrollError(error)) throw error;
        counts.refused++;
      }
      expect(performance.now() - start).toBeLessThan(5000);
    }),
    { numRuns, seed },
  );
  // Neither everything nor nothing may be refused.
  expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(0);
}

describe(
  "whatever JSON holds, what comes is a model or one error",
  { timeout: 60_000 + 200 * numRuns },
  () => {
    it("of Keras 3", () =>
      property(
        models.map(({ config }) => config),
        keras.modelFromJson,
      ));

    it("of ports to Keras 2 and 3", () =>
      property(
        ports.filter((one) => !ofTfjs(one)).map(([, json]) => json),
        keras.modelFromJson,
      ));

    it("of TensorFlow.js", () =>
      property(
        ports.filter(ofTfjs).map(([, json]) => json),
        tfjs.modelFromJson,
      ));
  },
);
