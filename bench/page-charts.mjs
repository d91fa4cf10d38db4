import { lineChart } from "./chart.mjs";

/** Who is drawn: the engine, how it is driven, and its name on the chart. */
const drawn = [
  ["builtin", "Unroll in place", "Unroll, builtin"],
  ["builtin loops", "Unroll in place", "Unroll, without SIMD"],
  ["onnxruntime-web", "by hand", "onnxruntime-web by hand"],
  ["onnxruntime-node", "by hand", "onnxruntime-node by hand"],
  ["tfjs wasm", "tf.layers", "tf.layers on wasm"],
  ["tfjs cpu", "tf.layers", "tf.layers on cpu"],
  ["brain.js", "LSTMTimeStep", "brain.js"],
];
const charts = [
  ["lstm-step", "LSTM", "step", 1, "One step of an LSTM"],
  ["lstm-sequence", "LSTM", "sequence", 1, "A sequence of 100 steps, LSTM"],
  ["lstm-sequence-32", "LSTM", "sequence", 32, "32 sequences of 100 steps, LSTM"],
  ["gru-sequence", "GRU", "sequence", 1, "A sequence of 100 steps, GRU"],
];

/** Charts by file name, of what a run of the benchmark gave. */
export const chartsOf = ({ results }) =>
  charts.map(([file, kind, mode, batch, title]) => {
    const taken = results.filter(
      (one) => one.section === "recurrent" && one.kind === kind && one.mode === mode && one.batch === batch,
    );
    const series = drawn
      .map(([engine, how, name]) => ({
        name,
        points: taken
          .filter((one) => one.engine === engine && one.how === how)
          .map(({ units, median }) => [units, median])
          .sort(([a], [b]) => a - b),
      }))
      .filter(({ points }) => points.length > 0);
    const xs = [...new Set(taken.map(({ units }) => units))].sort((a, b) => a - b);
    const labels = { xLabel: "units, as many as inputs", yLabel: "microseconds per step (log scale)" };
    return [file, lineChart({ title, ...labels, xs, series })];
  });
