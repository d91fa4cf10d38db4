import { unrollError } from "@unroll/api/adapter";
import type { Workshop } from "./primitives.js";
import type { TfTensor } from "./library.js";

type Function = (x: TfTensor) => TfTensor;

/** Activations of `layers/activations.ts` as operations of the library, by the same formulas. */
const makers: Readonly<Record<string, (workshop: Workshop) => Function>> = {
  linear: () => (x) => x,
  tanh:
    ({ run }) =>
    (x) =>
      run("Tanh", { x }),
  sigmoid:
    ({ run }) =>
    (x) =>
      run("Sigmoid", { x }),
  relu: (workshop) => keepingNaN(workshop, (x) => workshop.run("Relu", { x })),
  hardSigmoidSixth: (workshop) => hardSigmoid(workshop, 1 / 6),
  hardSigmoidFifth: (workshop) => hardSigmoid(workshop, 0.2),
  softsign: ({ run, keep }) => {
    const one = keep([1], [], "float32");
    return (x) => run("RealDiv", { a: x, b: run("Add", { a: one, b: run("Abs", { x }) }) });
  },
  // The library's own Softplus is cruder near its switch-over points.
  softplus: ({ run, keep }) => {
    const one = keep([1], [], "float32");
    return (x) =>
      run("Add", {
        a: run("Relu", { x }),
        b: run("Log", {
          x: run("Add", { a: one, b: run("Exp", { x: run("Neg", { x: run("Abs", { x }) }) }) }),
        }),
      });
  },
  elu:
    ({ run }) =>
    (x) =>
      run("Elu", { x }),
  leakyRelu:
    ({ run }) =>
    (x) =>
      run("LeakyRelu", { x }, { alpha: 0.01 }),
};

function hardSigmoid(workshop: Workshop, slope: number): Function {
  const { run, keep } = workshop;
  const [a, half] = [keep([slope], [], "float32"), keep([0.5], [], "float32")];
  return keepingNaN(workshop, (x) =>
    run(
      "ClipByValue",
      { x: run("Add", { a: run("Multiply", { a: x, b: a }), b: half }) },
      { clipValueMin: 0, clipValueMax: 1 },
    ),
  );
}

/** Of NaN the wasm backend's Relu and ClipByValue make 0. */
function keepingNaN({ tf, run, backend }: Workshop, of: Function): Function {
  return backend === "wasm" ? (x) => tf.where(run("Equal", { a: x, b: x }), of(x), x) : of;
}

/** Activations that are composites in a program and are run here as they are. */
export const activationComposites: readonly string[] = [
  "relu",
  "hardSigmoidSixth",
  "hardSigmoidFifth",
  "softsign",
  "softplus",
  "elu",
  "leakyRelu",
];

/** Activations that recurrent composites may have here. */
export const activationNames: readonly string[] = Object.keys(makers);

/** @throws UNROLL_UNSUPPORTED for a name this adapter has no function for */
export function activation(workshop: Workshop, name: string): Function {
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (!make)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: "tfjs activation",
      expected: `one of ${Object.keys(makers).join(", ")}`,
      got: `"${name}"`,
      cure: "run it with composites: []",
      details: { name },
    });
  return make(workshop);
}
