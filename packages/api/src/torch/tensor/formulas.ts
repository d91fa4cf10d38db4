import { unrollError } from "../../contract/error.js";
import type { Block, Value } from "../../program/builder.js";
import { as } from "./elementwise.js";
import { apply, type Tensor, tensorOf } from "./tensor.js";

/** What a function of each element appends to a program; parameters are scalars. */
type Formula = (b: Block, x: Value, ...parameters: readonly Value[]) => Value;

/** Refuses what are no floats. @throws UNROLL_DTYPE */
export function assertFloats(place: string, x: Tensor): void {
  if (x.dtype !== "float32")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "floats",
      got: x.dtype,
      cure: "make them by float()",
    });
}

/**
 * A function of each element as one operation.
 *
 * @param name that of no other operation
 */
export const formula =
  (name: string, build: Formula) =>
  (x: Tensor, ...parameters: readonly number[]): Tensor => {
    assertFloats(name, x);
    const scalars = parameters.map((one) => tensorOf(name, one));
    return apply(
      {
        name,
        key: name,
        build: (b, [value, ...rest]) => build(b, value!, ...rest.map((one) => as(b, one, "float32"))),
      },
      [x, ...scalars],
    )[0]!;
  };

const num = (b: Block, value: number): Value => b.constant(value);

/** c0 + c1 x + c2 x² + ..., by Horner's rule. */
const polynomial = (b: Block, x: Value, coefficients: readonly number[]): Value =>
  coefficients
    .slice(0, -1)
    .reduceRight((sum, one) => b.add(b.mul(sum, x), num(b, one)), num(b, coefficients.at(-1)!));

/** x held within bounds; what is no number stays. */
const within = (b: Block, x: Value, low: Value, high: Value): Value => b.min(b.max(x, low), high);

/** Beyond it the error function is ±1 as float32 has it. */
const ONE = 3.832506856900711;

/**
 * The error function: x P(x²) / Q(x²) within ±3.83, and ±1 beyond. Source: Eigen, `generic_fast_erf_float`,
 * a rational minimax approximation, within 3 units in the last place of float32.
 */
function erfOf(b: Block, x: Value): Value {
  const held = within(b, x, num(b, -ONE), num(b, ONE));
  const square = b.mul(held, held);
  const p = polynomial(
    b,
    square,
    [
      1.128379143519084, 0.18520832239976145, 0.050955695062380861, 0.0034082910107109506,
      0.00022905065861350646,
    ],
  );
  const q = polynomial(
    b,
    square,
    [
      1, 0.49746925110067538, 0.11098505178285362, 0.014070470171167667, 0.0010179625278914885,
      0.000023547966471313185, -1.1791602954361697e-7,
    ],
  );
  return b.select(
    b.less(num(b, ONE), b.abs(x)),
    within(b, x, num(b, -1), num(b, 1)),
    b.div(b.mul(held, p), q),
  );
}

const elu = (b: Block, x: Value, alpha: Value): Value =>
  b.select(b.less(num(b, 0), x), x, b.mul(alpha, b.sub(b.exp(b.min(x, num(b, 0))), num(b, 1))));

/** The error function, 2/√π ∫ e^(-t²) from 0 to x, of each element. */
export const erf = /* @__PURE__ */ formula("erf", erfOf);

/** x Φ(x) of each element, Φ the normal distribution: 1/2 x (1 + erf(x/√2)). */
export const geluExact = /* @__PURE__ */ formula("gelu", (b, x) =>
  b.mul(b.mul(x, num(b, 0.5)), b.add(num(b, 1), erfOf(b, b.mul(x, num(b, Math.SQRT1_2))))),
);

/** 1/2 x (1 + tanh(√(2/π) (x + 0.044715 x³))) of each element, PyTorch's approximation of GELU. */
export const geluTanh = /* @__PURE__ */ formula("geluTanh", (b, x) => {
  const cube = b.mul(b.mul(x, x), x);
  const inner = b.mul(b.add(x, b.mul(cube, num(b, 0.044715))), num(b, Math.sqrt(2 / Math.PI)));
  return b.mul(b.mul(x, num(b, 0.5)), b.add(num(b, 1), b.tanh(inner)));
});

/**
 * λ x if x > 0, else λ α (e^x - 1), of each element. Source: Klambauer et al., Self-normalizing neural
 * networks, 2017, which has α and λ.
 */
export const seluOf = /* @__PURE__ */ formula("selu", (b, x) =>
  b.mul(num(b, 1.0507009873554805), elu(b, x, num(b, 1.6732632423543772))),
);

/** 0 within ±λ, else x, of each element; what is no number stays. */
export const hardshrinkOf = /* @__PURE__ */ formula("hardshrink", (b, x, lambda) => {
  const inside = b.and(b.not(b.less(lambda!, b.abs(x))), b.equal(x, x));
  return b.select(inside, num(b, 0), x);
});

/** x brought nearer to 0 by λ, of each element; 0 within ±λ. */
export const softshrinkOf = /* @__PURE__ */ formula("softshrink", (b, x, lambda) =>
  b.sub(x, within(b, x, b.neg(lambda!), lambda!)),
);
