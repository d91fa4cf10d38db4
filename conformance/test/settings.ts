/** Runs of a property in a test: few by default, so that the suite stays quick; UNROLL_RUNS for more. */
export const runs = Number(process.env["UNROLL_RUNS"] ?? 25);
/** UNROLL_SEED to draw the same cases again. */
export const seed = Number(process.env["UNROLL_SEED"] ?? Date.now() % 2 ** 31);
