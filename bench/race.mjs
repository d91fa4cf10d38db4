/** How long a turn is, in milliseconds: long for a clock, short for what else a machine does. */
const TURN = 4;
/** How long everyone runs before that, in milliseconds, at least: at the first race, and at others. */
const [COLD, WARM] = [300, 40];
/** Times that are enough for a median, and those that are too few. */
const [MOST, LEAST] = [300, 7];

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Median and quartiles of numbers. */
export function quartilesOf(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return { median: at(sorted, 0.5), quartiles: [at(sorted, 0.25), at(sorted, 0.75)] };
}

async function turn(run, calls, now) {
  const start = now();
  for (let n = 0; n < calls; n++) {
    // What answers at once is not made to wait.
    const result = run();
    if (result) await result;
  }
  return now() - start;
}

/** What a contestant took for each unit of work when it raced last, in milliseconds, by its key. */
const paces = new Map();

/**
 * Lets contestants take turns until each has had its share of time.
 *
 * @param contestants each `{ key, run, work }`: what names it among all that race here, one call, and how
 *   much work that is, in any unit
 * @param seconds the share of each
 * @param now a clock of `clocks.mjs`
 * @param patience seconds; who is known to take longer for a call is left out
 * @returns for each contestant the median and the quartiles of a call in microseconds, or null
 */
export async function race(contestants, { seconds, now, patience }) {
  const share = seconds * 1000;
  const racing = contestants.map(({ key, run, work }) =>
    (paces.get(key) ?? 0) * work > patience * 1000 ? null : { key, run, work, calls: 1, spent: 0, times: [] },
  );
  const present = racing.filter((one) => one !== null);
  for (const one of present) {
    // Until what is called often is compiled; then as many calls as make a turn.
    const least = Math.max(paces.has(one.key) ? WARM : COLD, share / 4);
    for (let warm = 0; warm < least;) {
      const took = await turn(one.run, one.calls, now);
      warm += took;
      one.calls = Math.max(1, Math.round(one.calls * Math.min(8, TURN / Math.max(took, TURN / 100))));
    }
  }
  const done = ({ spent, times }) =>
    times.length >= MOST || (spent >= share && times.length >= LEAST) || spent >= 3 * patience * 1000;
  while (!present.every(done))
    for (const one of present) {
      if (done(one)) continue;
      const took = await turn(one.run, one.calls, now);
      one.spent += took;
      one.times.push((1000 * took) / one.calls);
    }
  return racing.map((one) => {
    const result = one && quartilesOf(one.times);
    if (one) paces.set(one.key, result.median / 1000 / one.work);
    return result;
  });
}
