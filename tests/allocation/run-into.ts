/** Prints by how many bytes the heap grows with each warm `runInto` of programs; for a process of its own. */
import { builtin, type HostTensor, tensor } from "../../packages/api/src/index.js";
import type { Program } from "../../packages/api/src/contract/program.js";
import { activate, activationNames } from "../../packages/api/src/layers/activations.js";
import { gru } from "../../packages/api/src/layers/gru.js";
import { lstmStep } from "../../packages/api/src/layers/lstm.js";
import { softmax } from "../../packages/api/src/layers/softmax.js";
import { ProgramBuilder } from "../../packages/api/src/program/program-builder.js";

const attrs = {
  activation: "tanh",
  recurrentActivation: "sigmoid",
  outputActivation: "tanh",
  resetAfter: true,
  reverse: false,
  maskedOutput: "hold",
  heldStart: "zeros",
} as const;
const [I, H] = [3, 6];
const f = (shape: readonly (number | string)[]) => ({ dtype: "float32", shape }) as const;
const wave = (size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, k) => Math.sin(k + 1) / 2);
const filled = (...shape: number[]): HostTensor => tensor(wave(shape.reduce((a, b) => a * b)), shape);

interface Run {
  readonly program: Program;
  readonly params: Readonly<Record<string, HostTensor>>;
  readonly inputs: (Float32Array | Uint8Array)[];
  readonly outputs: Float32Array[];
  readonly dims: Readonly<Record<string, number>>;
}

function step(): Run {
  const p = new ProgramBuilder("step");
  const x = p.input("x", f(["batch", I]));
  const [h, c] = [p.input("h", f(["batch", H])), p.input("c", f(["batch", H]))];
  const kernels = {
    kernel: p.param("kernel", [I, 4 * H]),
    recurrentKernel: p.param("recurrentKernel", [H, 4 * H]),
    inputBias: p.param("bias", [4 * H]),
  };
  const next = lstmStep(p.block, x, { h, c }, kernels, attrs);
  p.output("y", softmax(p.block, p.block.matmul(next.h, p.param("out", [H, 2]))));
  p.output("h", next.h);
  p.output("c", next.c);
  const params = {
    kernel: filled(I, 4 * H),
    recurrentKernel: filled(H, 4 * H),
    bias: filled(4 * H),
    out: filled(H, 2),
  };
  const state = [wave(H), wave(H)];
  const outputs = [new Float32Array(2), ...state];
  return { program: p.finish(), params, inputs: [wave(I), ...state], outputs, dims: { batch: 1 } };
}

function everything(): Run {
  const p = new ProgramBuilder("everything");
  let value = p.input("x", f(["batch", 5]));
  for (const name of activationNames) value = activate(p.block, name, value);
  const b = p.block;
  value = b.add(b.sum(value, 1), b.reduceMax(b.exp(b.neg(value)), 1));
  value = b.concat([b.reverse(value, 0), b.expand(b.constant(1), value)], 1);
  value = b.select(
    b.less(value, b.constant(0)),
    b.div(b.transpose(b.transpose(value, [1, 0]), [1, 0]), b.constant(2)),
    b.slice(b.concat([value, value], 1), 1, 1, 2),
  );
  p.output("y", value);
  return {
    program: p.finish(),
    params: {},
    inputs: [wave(10)],
    outputs: [new Float32Array(4)],
    dims: { batch: 2 },
  };
}

function maskedGru(): Run {
  const p = new ProgramBuilder("masked gru");
  const run = gru(
    p.block,
    p.input("x", f(["time", "batch", I])),
    { h: p.input("h", f(["batch", H])) },
    { kernel: p.param("kernel", [I, 3 * H]), recurrentKernel: p.param("recurrentKernel", [H, 3 * H]) },
    { mask: p.input("mask", { dtype: "bool", shape: ["time", "batch"] }) },
    attrs,
  );
  p.output("y", run.y);
  return {
    program: p.finish(),
    params: { kernel: filled(I, 3 * H), recurrentKernel: filled(H, 3 * H) },
    inputs: [wave(2 * I), wave(H), Uint8Array.of(1, 0)],
    outputs: [new Float32Array(2 * H)],
    dims: { batch: 1, time: 2 },
  };
}

const collect = (globalThis as unknown as { gc(): void }).gc;
const [simd, fused] = process.argv.slice(2).map((word) => word === "true");
const adapter = builtin({ simd: simd!, ...(fused ? {} : { composites: [] }) });

const grown = [step, everything, maskedGru].map((make) => {
  const { program, params, inputs, outputs, dims } = make();
  const executable = adapter.compileSync!(program, params);
  const grownBy = (steps: number): number => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let k = 0; k < steps; k++) executable.runInto(inputs, outputs, dims);
    return process.memoryUsage().heapUsed - before;
  };
  // From 20,000 steps to 60,000; a round's own cost drops out. One number boxed at each step is 16 bytes a
  // step: the interpreter does so, until the compiler is done, which it is late where the machine is busy.
  let perStep = Infinity;
  for (let round = 0; round < 50 && perStep >= 1; round++) {
    const short = grownBy(20_000);
    perStep = (grownBy(60_000) - short) / 40_000;
  }
  return perStep;
});
console.log(JSON.stringify(grown));
