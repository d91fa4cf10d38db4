import type { Adapter } from "@unroll/api";
import type { SyncExecutable } from "@unroll/api/adapter";
import { type Fault, fire } from "./planting/fault.js";

type RunInto = SyncExecutable["runInto"];

/** A fault of the synchronous path; the other one is honest. */
const faultAtOnce = (
  id: string,
  title: string,
  seen: string,
  how: (honest: RunInto, memory: { dims?: Parameters<RunInto>[2] }) => RunInto,
): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest: Adapter, planted) => ({
    ...honest,
    name: "faulty",
    compileSync(program, weights) {
      const executable = honest.compileSync!(program, weights);
      const faulty = how(executable.runInto.bind(executable), {});
      return {
        run: executable.run.bind(executable),
        dispose: executable.dispose.bind(executable),
        ...(executable.rebind && { rebind: executable.rebind.bind(executable) }),
        runInto(inputs, outputs, dims) {
          fire(planted);
          faulty(inputs, outputs, dims);
        },
      };
    },
  }),
});

/** What goes wrong only where an engine runs at once, on arrays of the caller. */
export const synchronous: readonly Fault[] = [
  faultAtOnce(
    "at-once-returns-zeros",
    "running at once leaves zeros in the outputs",
    "a stub that nobody called",
    (honest) => (inputs, outputs, dims) => {
      honest(inputs, outputs, dims);
      for (const output of outputs) output.fill(0);
    },
  ),
  faultAtOnce(
    "at-once-keeps-its-first-sizes",
    "running at once with other sizes computes only as many rows as the first time",
    "a plan that is made once",
    (honest, memory) => (inputs, outputs, dims) => {
      const before = outputs.map((output) => output.slice());
      honest(inputs, outputs, dims);
      memory.dims ??= { ...dims };
      const [rows, first] = [dims["batch"]!, memory.dims["batch"]!];
      if (rows <= first) return;
      outputs.forEach((output, k) => {
        const size = output.length / rows;
        output.set(before[k]!.subarray(first * size), first * size);
      });
    },
  ),
  faultAtOnce(
    "at-once-writes-beside-its-arrays",
    "running at once writes one element past an output that is part of a larger array",
    "copies in whole vectors",
    (honest) => (inputs, outputs, dims) => {
      honest(inputs, outputs, dims);
      for (const { buffer, byteOffset, byteLength } of outputs)
        if (byteOffset + byteLength < buffer.byteLength) new Uint8Array(buffer)[byteOffset + byteLength] = 7;
    },
  ),
  faultAtOnce(
    "at-once-reads-from-the-start",
    "running at once reads an input that is part of a larger array from that array's start",
    "pointers made of a buffer without the view's offset",
    (honest) => (inputs, outputs, dims) =>
      honest(
        inputs.map((input) => {
          const Whole = input.constructor as Float32ArrayConstructor;
          return new Whole(input.buffer as ArrayBuffer, 0, input.length);
        }),
        outputs,
        dims,
      ),
  ),
  faultAtOnce(
    "at-once-leaves-the-state-behind",
    "a state that is replaced where it lies stays as it was",
    "an output that is skipped because it is an input too",
    (honest) => (inputs, outputs, dims) =>
      honest(
        inputs,
        outputs.map((output) => (inputs.includes(output) ? output.slice() : output)),
        dims,
      ),
  ),
  faultAtOnce(
    "at-once-writes-before-it-looks",
    "an array of a wrong size is refused after the others have been written",
    "checks that stand beside each copy",
    (honest) => (inputs, outputs, dims) => {
      outputs[0]?.fill(0.5);
      honest(inputs, outputs, dims);
    },
  ),
];
