import type { Backend, KernelCall, Library, TensorInfo, TfTensor } from "../library.js";
import { advanceRow, resetRow } from "./host-cells.js";
import { hostLstmStep } from "./host-lstm-step.js";
import { hostMemory, type HostMemory } from "./host-memory.js";
import type { Recurrence } from "./recurrence.js";

const KERNEL = "UnrollRecurrence";

/** Operands of a recurrent composite by name. */
export type Operands = Readonly<Record<string, TfTensor>>;

type Compute = (inputs: Readonly<Record<string, TensorInfo>>, memory: HostMemory) => TensorInfo[];

/**
 * Makes sure the library knows our kernel on this backend. Its attribute is the computation itself, so two
 * versions of this package can share one library.
 */
export function registerHostKernel(tf: Library, backendName: string): void {
  if (tf.getKernel(KERNEL, backendName)) return;
  const memories = new WeakMap<Backend, HostMemory>();
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }: KernelCall) => {
      let memory = memories.get(backend);
      if (!memory) memories.set(backend, (memory = hostMemory(tf, backendName, backend)));
      return (attrs["compute"] as Compute)(inputs, memory);
    },
  });
}

/**
 * A recurrent composite as one kernel: the input projection of the whole sequence as one product of the
 * library, then for each step its product with h and the cell's equations over memory, with nothing between.
 *
 * @returns results in the composite's order: y (unless it is a single step), h, c
 */
export function hostRecurrence(tf: Library, r: Recurrence): (operands: Operands) => readonly TfTensor[] {
  const [advance, reset] = [advanceRow(r), resetRow(r)];
  const { units, inputSize } = r;
  const { kernel, inputBias, recurrentKernel, recurrentBias, candidateKernel } = r.weights;

  const compute: Compute = ({ x, h, c, lengths, mask }, memory) => {
    if (r.weights.joinedKernel && memory.sigmoid && r.recurrentActivation === "sigmoid")
      return hostLstmStep(r, memory, x!, h!, c!);
    const [time, batch] = r.single ? [1, x!.shape[0]!] : (x!.shape as [number, number]);
    const copy = (state: TensorInfo): TensorInfo => {
      const made = memory.make([batch, units]);
      memory.view(made).set(memory.view(state));
      return made;
    };
    const float = (tensor: TensorInfo): Float32Array => memory.view(tensor) as Float32Array;
    const projected = memory.affine(
      { dataId: x!.dataId, dtype: "float32", shape: [1, time * batch, inputSize] },
      kernel,
      inputBias,
    );
    const [nextH, nextC] = [copy(h!), c && copy(c)];
    const hRows = { ...nextH, shape: [1, batch, units] };
    const y = r.single ? undefined : memory.make([time, batch, units]);
    const columns = projected.shape[2]!;

    for (let s = 0; s < time; s++) {
      const t = r.reverse ? time - 1 - s : s;
      const z = memory.affine(hRows, recurrentKernel, recurrentBias);
      const pAt = t * batch * columns;
      let candidate: TensorInfo | undefined;
      if (candidateKernel) {
        const resetH = memory.make([1, batch, units]);
        const [zs, p, state, out] = [float(z), float(projected), float(nextH), float(resetH)];
        for (let row = 0; row < batch; row++) reset(row, zs, p, pAt, state, out);
        candidate = memory.affine(resetH, candidateKernel, undefined);
        memory.free(resetH);
      }
      const [zs, p, state] = [float(z), float(projected), float(nextH)];
      const cell = nextC ? float(nextC) : state;
      const n = candidate ? float(candidate) : zs;
      const out = y && float(y);
      const extent = lengths ?? mask;
      const real = extent && memory.view(extent);
      for (let row = 0; row < batch; row++) {
        const step = !real || (lengths ? t < real[row]! : real[t * batch + row] !== 0);
        if (step) advance(row, zs, p, pAt, state, cell, n);
        if (!out) continue;
        const at = (t * batch + row) * units;
        if (step || r.masked === "holdInitial")
          for (let k = 0; k < units; k++) out[at + k] = state[row * units + k]!;
        else if (r.masked === "zero" || s === 0) out.fill(0, at, at + units);
        else
          out.copyWithin(
            at,
            at + (r.reverse ? batch : -batch) * units,
            at + (r.reverse ? batch : -batch) * units + units,
          );
      }
      memory.free(z);
      if (candidate) memory.free(candidate);
    }
    memory.free(projected);
    return [...(y ? [y] : []), nextH, ...(nextC ? [nextC] : [])];
  };
  const attrs = { compute };
  return (operands) => tf.engine().runKernel(KERNEL, operands, attrs) as TfTensor[];
}
