import type { Cell, CellContext, CellFactory, Packed } from "../kernel-types.js";
import type { SimdExports } from "./heap.js";
import { mapNames } from "./map-names.js";

/** The address of an array; 0, where nobody's memory is, of none. */
const addressOf = (array: Float32Array | undefined): number => array?.byteOffset ?? 0;

/** `count` steps, `stride` bytes apart from address `pre` on, between states and into `y` at addresses. */
type Steps = (
  count: number,
  stride: number,
  pre: number,
  h: number,
  c: number,
  nextH: number,
  nextC: number,
  y: number,
  yStride: number,
) => void;

type Recurrent = (from?: number, count?: number) => number;

/** A cell whose steps are one call, however many they are. */
function cellOf(
  exports: SimdExports,
  context: CellContext,
  gates: number,
  withRecurrentBias: boolean,
  stepsOf: (recurrent: Recurrent) => Steps,
): Cell {
  const { batch, units, block, inputBias, recurrentBias } = context;
  const cols = gates * units;
  const pre = addressOf(context.scratch(block * batch * cols));
  const kernel: Packed = context.pack("kernel");
  const { rows } = kernel;
  const steps = stepsOf((from, count) => addressOf(context.pack("recurrentKernel", from, count).data));
  const [x, weights, bias] = [addressOf(context.x), addressOf(kernel.data), addressOf(inputBias)];
  const second = withRecurrentBias ? addressOf(recurrentBias) : 0;
  const [stride, size] = [4 * batch * cols, 4 * batch * units];
  return {
    project(first, count) {
      exports.fill(pre, count * batch, cols, bias, second);
      const from = x + 4 * first * batch * rows;
      exports.gemm(count * batch, from, 4 * rows, weights, rows, cols, pre, 4 * cols);
    },
    step(t, h, c, nextH, nextC) {
      const [from, fromC] = [h.byteOffset, c.byteOffset];
      steps(1, 0, pre + t * stride, from, fromC, nextH.byteOffset, nextC.byteOffset, 0, 0);
    },
    fold(first, count, reverse, h, c, y) {
      const [at, atC] = [h.byteOffset, c.byteOffset];
      const start = reverse ? count - 1 : 0;
      const sign = reverse ? -1 : 1;
      const to = y.byteOffset + (first + start) * size;
      steps(count, sign * stride, pre + start * stride, at, atC, at, atC, to, sign * size);
    },
  };
}

/** The cells of one heap, by the name of their composite. */
export function simdCells(exports: SimdExports): Readonly<Record<string, CellFactory>> {
  const codes = (context: CellContext, ...names: readonly string[]): number[] =>
    names.map((name) => mapNames.indexOf(context.attrs[name] as string));
  return {
    lstm: (context) => {
      const { batch, units } = context;
      const [activation, gate, output] = codes(
        context,
        "activation",
        "recurrentActivation",
        "outputActivation",
      ) as [number, number, number];
      return cellOf(exports, context, 4, true, (recurrent) => {
        const w = recurrent();
        return (n, stride, pre, h, c, nextH, nextC, y, yStride) =>
          exports.lstm(
            n,
            stride,
            batch,
            units,
            pre,
            w,
            h,
            c,
            nextH,
            nextC,
            y,
            yStride,
            activation,
            gate,
            output,
          );
      });
    },
    gru: (context) => {
      const { batch, units, attrs, recurrentBias } = context;
      const after = attrs["resetAfter"] === true;
      const [activation, gate] = codes(context, "activation", "recurrentActivation") as [number, number];
      // Where the reset is after the product, the state's share of the gates has the bias of its own.
      const bias = addressOf(recurrentBias);
      return cellOf(exports, context, 3, !after, (recurrent) => {
        const own = addressOf(context.scratch(batch * 3 * units));
        const w = after ? recurrent() : recurrent(0, 2 * units);
        const candidate = after ? 0 : recurrent(2 * units, units);
        return (n, stride, pre, h, _c, nextH, _nextC, y, yStride) =>
          exports.gru(
            n,
            stride,
            batch,
            units,
            pre,
            w,
            candidate,
            bias,
            own,
            h,
            nextH,
            y,
            yStride,
            activation,
            gate,
          );
      });
    },
    simpleRnn: (context) => {
      const { batch, units } = context;
      const [activation] = codes(context, "activation") as [number];
      return cellOf(exports, context, 1, true, (recurrent) => {
        const w = recurrent();
        return (n, stride, pre, h, _c, nextH, _nextC, y, yStride) =>
          exports.rnn(n, stride, batch, units, pre, w, h, nextH, y, yStride, activation);
      });
    },
  };
}
