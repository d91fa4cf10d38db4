import type { Cell, CellContext, CellFactory } from "./kernel-types.js";

/** Fills `count` rows with the sum of the biases there are. */
function fillRows(
  out: Float32Array,
  count: number,
  cols: number,
  a: Float32Array | undefined,
  b?: Float32Array,
): void {
  for (let j = 0; j < cols; j++) out[j] = (a ? a[j]! : 0) + (b ? b[j]! : 0);
  for (let row = 1; row < count; row++) out.copyWithin(row * cols, 0, cols);
}

/**
 * The input's share of every gate of a block of steps, as one product; the step adds the state's share in
 * place.
 */
function projection(
  context: CellContext,
  gates: number,
  withRecurrentBias: boolean,
): { pre: Float32Array; project: Cell["project"] } {
  const { kernels, x, inputBias, block, batch, units } = context;
  const cols = gates * units;
  const pre = context.scratch(block * batch * cols);
  const kernel = context.pack("kernel");
  const recurrentBias = withRecurrentBias ? context.recurrentBias : undefined;
  return {
    pre,
    project(first, count) {
      fillRows(pre, count * batch, cols, inputBias, recurrentBias);
      kernels.gemm(count * batch, x, first * batch * kernel.rows, kernel, pre, 0, cols);
    },
  };
}

/** LSTM, semantics rule `lstm`; gate order i f g o. */
export const lstm: CellFactory = (context) => {
  const { kernels, attrs, units, batch } = context;
  const { pre, project } = projection(context, 4, true);
  const recurrent = context.pack("recurrentKernel");
  const activation = kernels.maps[attrs["activation"] as string]!;
  const gate = kernels.maps[attrs["recurrentActivation"] as string]!;
  const output = kernels.maps[attrs["outputActivation"] as string]!;
  return {
    project,
    step(t, h, c, nextH, nextC) {
      const start = t * batch * 4 * units;
      kernels.gemm(batch, h, 0, recurrent, pre, start, 4 * units);
      for (let row = 0; row < batch; row++) {
        const s = row * units;
        const i = start + 4 * s,
          f = i + units,
          g = f + units,
          o = g + units;
        gate(pre, i, pre, i, 2 * units);
        activation(pre, g, pre, g, units);
        gate(pre, o, pre, o, units);
        for (let k = 0; k < units; k++) nextC[s + k] = pre[f + k]! * c[s + k]! + pre[i + k]! * pre[g + k]!;
        output(nextC, s, nextH, s, units);
        for (let k = 0; k < units; k++) nextH[s + k] = nextH[s + k]! * pre[o + k]!;
      }
    },
  };
};

/** GRU, semantics rules `gru-reset-after` and `gru-reset-before`; gate order z r n. */
export const gru: CellFactory = (context) => {
  const { kernels, attrs, units, batch } = context;
  const resetAfter = attrs["resetAfter"] === true;
  const { pre, project } = projection(context, 3, !resetAfter);
  const activation = kernels.maps[attrs["activation"] as string]!;
  const gate = kernels.maps[attrs["recurrentActivation"] as string]!;
  // After: the state's share of all three gates stays apart, as r scales a part of it. Before: the gates'
  // share is added in place, and the candidate's follows from r ⊙ h.
  const recurrent = resetAfter
    ? context.pack("recurrentKernel")
    : context.pack("recurrentKernel", 0, 2 * units);
  const candidate = resetAfter ? undefined : context.pack("recurrentKernel", 2 * units, units);
  const fromState = context.scratch(batch * 3 * units);
  const finish = (start: number, h: Float32Array, nextH: Float32Array): void => {
    for (let row = 0; row < batch; row++) {
      const s = row * units;
      const z = start + 3 * s,
        n = z + 2 * units;
      activation(pre, n, pre, n, units);
      for (let k = 0; k < units; k++)
        nextH[s + k] = pre[z + k]! * h[s + k]! + (1 - pre[z + k]!) * pre[n + k]!;
    }
  };
  return {
    project,
    step(t, h, _c, nextH) {
      const start = t * batch * 3 * units;
      if (candidate) {
        kernels.gemm(batch, h, 0, recurrent, pre, start, 3 * units);
        for (let row = 0; row < batch; row++) {
          const s = row * units;
          const z = start + 3 * s,
            r = z + units;
          gate(pre, z, pre, z, 2 * units);
          for (let k = 0; k < units; k++) fromState[s + k] = pre[r + k]! * h[s + k]!;
        }
        kernels.gemm(batch, fromState, 0, candidate, pre, start + 2 * units, 3 * units);
      } else {
        fillRows(fromState, batch, 3 * units, context.recurrentBias);
        kernels.gemm(batch, h, 0, recurrent, fromState, 0, 3 * units);
        for (let row = 0; row < batch; row++) {
          const q = row * 3 * units,
            z = start + q,
            r = z + units,
            n = r + units;
          for (let k = 0; k < 2 * units; k++) pre[z + k] = pre[z + k]! + fromState[q + k]!;
          gate(pre, z, pre, z, 2 * units);
          for (let k = 0; k < units; k++)
            pre[n + k] = pre[n + k]! + pre[r + k]! * fromState[q + 2 * units + k]!;
        }
      }
      finish(start, h, nextH);
    },
  };
};

/** Simple RNN, semantics rule `simple-rnn`. */
export const simpleRnn: CellFactory = (context) => {
  const { kernels, attrs, units, batch } = context;
  const { pre, project } = projection(context, 1, true);
  const recurrent = context.pack("recurrentKernel");
  const activation = kernels.maps[attrs["activation"] as string]!;
  return {
    project,
    step(t, h, _c, nextH) {
      const start = t * batch * units;
      kernels.gemm(batch, h, 0, recurrent, pre, start, units);
      activation(pre, start, nextH, 0, batch * units);
    },
  };
};
