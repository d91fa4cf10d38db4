/**
 * The next id by the inverse of the cumulative distribution of softmax(logits / temperature): the first whose
 * cumulative probability is above `u`. At temperature 0 the likeliest.
 *
 * @param u uniform in [0, 1)
 */
export function sample(logits: ArrayLike<number>, temperature: number, u: number): number {
  let likeliest = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k]! > logits[likeliest]!) likeliest = k;
  if (temperature === 0) return likeliest;
  const parts = Float64Array.from(logits, (value) => Math.exp((value - logits[likeliest]!) / temperature));
  const total = parts.reduce((a, b) => a + b, 0);
  let cumulative = 0;
  for (let k = 0; k < parts.length; k++) {
    cumulative += parts[k]! / total;
    if (cumulative > u) return k;
  }
  return likeliest;
}

/** log p(id) in nats, from `size` logits at `from`. */
export function logProbability(logits: ArrayLike<number>, from: number, size: number, id: number): number {
  let [largest, sum] = [-Infinity, 0];
  for (let k = 0; k < size; k++) largest = Math.max(largest, logits[from + k]!);
  for (let k = 0; k < size; k++) sum += Math.exp(logits[from + k]! - largest);
  return logits[from + id]! - largest - Math.log(sum);
}
