import { activation } from "../activations.js";
import { elementOf } from "../elements.js";
import type { TfTensor } from "../library.js";
import type { Workshop } from "../primitives.js";
import type { Operands } from "./host-kernel.js";
import type { Recurrence } from "./recurrence.js";

interface State {
  readonly h: TfTensor;
  readonly c: TfTensor | undefined;
}

/**
 * A recurrent composite as operations of the library, for backends whose memory is out of reach: the input
 * projection of the whole sequence as one product, its steps cut out by slices, because `unstack` costs more
 * than the steps.
 *
 * @returns results in the composite's order: y (unless it is a single step), h, c
 */
export function composedRecurrence(
  workshop: Workshop,
  r: Recurrence,
): (operands: Operands) => readonly TfTensor[] {
  const { tf, run, keep } = workshop;
  const { kernel, inputBias, recurrentKernel, recurrentBias, candidateKernel } = r.weights;
  const { units } = r;
  const [act, gate, squash] = [
    activation(workshop, r.activation),
    activation(workshop, r.recurrentActivation),
    activation(workshop, r.outputActivation),
  ];
  const one = keep([1], [], "float32");
  const zero = keep([0], [], "float32");
  const linear = { transposeA: false, transposeB: false, activation: "linear" };

  const reshape = (x: TfTensor, shape: readonly number[]): TfTensor => run("Reshape", { x }, { shape });
  const add = (a: TfTensor, b: TfTensor): TfTensor => run("Add", { a, b });
  const mul = (a: TfTensor, b: TfTensor): TfTensor => run("Multiply", { a, b });
  const affine = (x: TfTensor, w: TfTensor, bias: TfTensor | undefined): TfTensor => {
    const product = run(
      "_FusedMatMul",
      { a: reshape(x, [1, ...x.shape]), b: w, ...(bias ? { bias } : {}) },
      linear,
    );
    return reshape(product, [x.shape[0]!, w.shape[2]!]);
  };
  const columns = (x: TfTensor, k: number, count = 1): TfTensor =>
    run("Slice", { x }, { begin: [0, k * units], size: [x.shape[0]!, count * units] });

  const advance = (p: TfTensor, { h, c }: State): State => {
    const z = affine(h, recurrentKernel, recurrentBias);
    switch (r.kind) {
      case "lstm": {
        const pre = add(p, z);
        const next = add(mul(gate(columns(pre, 1)), c!), mul(gate(columns(pre, 0)), act(columns(pre, 2))));
        return { h: mul(gate(columns(pre, 3)), squash(next)), c: next };
      }
      case "gru": {
        const gates = gate(add(columns(p, 0, 2), columns(z, 0, 2)));
        const [update, reset] = [columns(gates, 0), columns(gates, 1)];
        const n = act(
          add(
            columns(p, 2),
            candidateKernel ? affine(mul(reset, h), candidateKernel, undefined) : mul(reset, columns(z, 2)),
          ),
        );
        return { h: add(mul(update, h), mul(run("Sub", { a: one, b: update }), n)), c: undefined };
      }
      case "simpleRnn":
        return { h: act(add(p, z)), c: undefined };
      default:
        return r.kind satisfies never;
    }
  };

  return ({ x, h, c, lengths, mask }) => {
    if (r.single) {
      const { h: nextH, c: nextC } = advance(affine(x!, kernel, inputBias), { h: h!, c });
      return nextC ? [nextH, nextC] : [nextH];
    }
    const [time, batch, inputSize] = x!.shape as [number, number, number];
    const projected = reshape(affine(reshape(x!, [time * batch, inputSize]), kernel, inputBias), [
      time,
      batch,
      kernel.shape[2]!,
    ]);
    const real = lengths
      ? run("Less", { a: reshape(tf.range(0, time, 1, "int32"), [time, 1]), b: reshape(lengths, [1, batch]) })
      : mask;
    const at = (v: TfTensor, t: number): TfTensor => elementOf(workshop, v, t);

    const outputs = new Array<TfTensor>(time);
    let state: State = { h: h!, c };
    for (let s = 0; s < time; s++) {
      const t = r.reverse ? time - 1 - s : s;
      const before = state;
      const held = s === 0 ? zero : outputs[r.reverse ? t + 1 : t - 1]!;
      const results = tf.engine().tidy(() => {
        const after = advance(at(projected, t), before);
        if (!real) return [after.h, after.h, after.c];
        const here = reshape(at(real, t), [batch, 1]);
        const nextH = tf.where(here, after.h, before.h);
        const y =
          r.masked === "holdInitial" ? nextH : tf.where(here, after.h, r.masked === "zero" ? zero : held);
        return [y, nextH, after.c && tf.where(here, after.c, before.c!)];
      });
      outputs[t] = results[0]!;
      state = { h: results[1]!, c: results[2] };
    }
    return [tf.stack(outputs, 0), state.h, ...(state.c ? [state.c] : [])];
  };
}
