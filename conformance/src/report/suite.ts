import type { Adapter } from "@unroll/api";
import { certify, type CertifyOptions, type Form, type PropertyReport } from "../certify.js";
import { properties } from "../properties/index.js";

/** One test: run it inside `it(name, run)` of vitest or `test(name, run)` of node:test. */
export interface SuiteTest {
  /** The property's title and form. */
  readonly name: string;
  /** Runs the property. @throws with the counterexample and a line to replay it */
  run(): Promise<void>;
  /** Runs the property, and tells how it came out. @throws as `run` */
  report(): Promise<PropertyReport>;
}

/** Judges one property of one form. @throws with the counterexample and a line to replay it */
async function judged(
  engine: Adapter | (() => Adapter | Promise<Adapter>),
  options: CertifyOptions,
  id: string,
  form: Form,
): Promise<PropertyReport> {
  const {
    properties: [report],
  } = await certify(engine, { ...options, only: [id], forms: [form] });
  if (report!.status !== "failed") return report!;
  const found = report!.counterexample;
  const lines = [`${id}, ${form}: ${report!.reason}`];
  if (found) {
    const { seed, path } = found;
    const replay = `{ seed: ${seed}, path: "${path}", only: ["${id}"], forms: ["${form}"] }`;
    lines.push(`  case: ${found.case}`, `  replay: certify(adapter, ${replay})`);
  }
  throw new Error(lines.join("\n"));
}

/** The properties as tests. A property whose cases the engine can't run ends well; `certify` tells of it. */
export function certifySuite(
  engine: Adapter | (() => Adapter | Promise<Adapter>),
  options: Omit<CertifyOptions, "only"> = {},
): SuiteTest[] {
  const { forms = ["as is", "expanded"] } = options;
  return forms.flatMap((form: Form) =>
    // Of what holds no composites one form says as much as the other.
    properties
      .filter(({ primitivesOnly }) => !primitivesOnly || form === forms[0])
      .map(({ id, title }) => ({
        name: `${title} (${id}, ${form})`,
        run: async () => void (await judged(engine, options, id, form)),
        report: () => judged(engine, options, id, form),
      })),
  );
}
