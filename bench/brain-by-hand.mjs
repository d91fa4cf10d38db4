// brain.js's LSTM: one sequence at a time, and only the step after its last comes out.
import { filled } from "./models.mjs";

export function brainContestants(kind, { brain }, H, B, T) {
  const nothing = { list: [], dispose: () => undefined };
  if (kind !== "LSTM" || B !== 1) return nothing;
  const { LSTMTimeStep } = (brain.default ?? brain).recurrent;
  const net = new LSTMTimeStep({ inputSize: H, hiddenLayers: [H], outputSize: H });
  const sequence = Array.from({ length: T }, () => [...filled(H)]);
  // It runs nothing before it was trained.
  net.train([sequence.slice(0, 3)], { iterations: 1 });
  return {
    ...nothing,
    list: [{ how: "LSTMTimeStep", byHand: true, sequence: () => void net.run(sequence) }],
  };
}
