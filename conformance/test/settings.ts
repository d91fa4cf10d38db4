/** Whether the long runs of properties are left out: `npm run test:fast`. */
export const fast = process.env["UNROLL_LANE"] === "fast";
/** Runs of a property in a test: few by default, so that the suite stays quick; UNROLL_RUNS for more. */
export const runs = Number(process.env["UNROLL_RUNS"] ?? (fast ? 2 : 25));
/** The same cases every time; UNROLL_SEED for others. `scripts/false-alarms.mjs` goes through many. */
export const seed = Number(process.env["UNROLL_SEED"] ?? 20261123);
