import type { Adapter } from "@unroll/api";
import { certify, type CertifyOptions, type Form } from "../certify.js";
import { properties } from "../properties/index.js";

/** One test: run it inside `it(name, run)` of vitest or `test(name, run)` of node:test. */
export interface SuiteTest {
  /** The property's title and form. */
  readonly name: string;
  /** Runs the property. @throws with the counterexample and a line to replay it */
  run(): Promise<void>;
}

/** The properties as tests. A property whose cases the engine can't run ends well; `certify` tells of it. */
export function certifySuite(
  engine: Adapter | (() => Adapter | Promise<Adapter>),
  options: Omit<CertifyOptions, "only"> = {},
): SuiteTest[] {
  const { forms = ["as is", "expanded"] } = options;
  return forms.flatMap((form: Form) =>
    properties.map(({ id, title }) => ({
      name: `${title} (${id}, ${form})`,
      run: async () => {
        const {
          properties: [report],
        } = await certify(engine, { ...options, only: [id], forms: [form] });
        if (report!.status !== "failed") return;
        const found = report!.counterexample;
        const lines = [`${id}, ${form}: ${report!.reason}`];
        if (found) {
          const { seed, path } = found;
          const replay = `{ seed: ${seed}, path: "${path}", only: ["${id}"], forms: ["${form}"] }`;
          lines.push(`  case: ${found.case}`, `  replay: certify(adapter, ${replay})`);
        }
        throw new Error(lines.join("\n"));
      },
    })),
  );
}
