import { unrollError } from "../../contract/error.js";
import { shown } from "../../contract/shown.js";
import { sizeOf } from "../../contract/tensor.js";
import { reshaped } from "../../layers/reshaped.js";
import type { Block, Value } from "../../program/builder.js";
import { type Operation, type Sized, sizesOf } from "./operation.js";
import { broadcastShape, refuseSizes, shownShape } from "./sizes.js";

function floats(place: string, operands: readonly Sized[]): void {
  const odd = operands.find(({ dtype }) => dtype !== "float32");
  if (odd)
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "float32",
      got: odd.dtype,
      cure: "make floats by float()",
    });
}

/**
 * Matrix product with PyTorch's rules: vectors are rows on the left and columns on the right, leading axes
 * broadcast.
 */
export function matmul(x: Sized, y: Sized, name = "matmul"): Operation {
  floats(name, [x, y]);
  const [left, right] = [x.shape, y.shape];
  const inner = right.length === 1 ? right[0] : right.at(-2);
  if (left.length === 0 || right.length === 0 || left.at(-1) !== inner)
    refuseSizes(
      name,
      "[..., m, k] and [..., k, n]",
      `${shownShape(left)} and ${shownShape(right)}`,
      "the inner axes must agree; t() turns a matrix",
    );
  broadcastShape(name, left.slice(0, -2), right.slice(0, -2));
  return {
    name,
    key: "matmul",
    build(b, [one, other]) {
      const rows = left.length === 1 ? b.expandDims(one!, 0) : one!;
      const columns = right.length === 1 ? b.expandDims(other!, 1) : other!;
      const product = b.matmul(rows, columns);
      const shape = sizesOf(product);
      const low = shape.slice(0, -2);
      const wanted = [
        ...low,
        ...(left.length === 1 ? [] : [shape.at(-2)!]),
        ...(right.length === 1 ? [] : [shape.at(-1)!]),
      ];
      return reshaped(b, product, wanted);
    },
  };
}

/** Rows up to which turning their product costs less than turning the matrix. */
const FEW_ROWS = 8;

/**
 * Product with the transpose of a matrix, which is not made where there are few rows: (y xᵀ)ᵀ has each sum in
 * the order of x yᵀ.
 *
 * @param x [..., k], of one axis or more
 * @param y [n, k]
 */
export function matmulTurned(x: Sized, y: Sized): Operation {
  const [n, k] = y.shape as [number, number];
  const plain = matmul(x, { dtype: y.dtype, shape: [k, n] });
  const rows = sizeOf(x.shape.slice(0, -1));
  return {
    name: "matmul",
    key: "matmul turned",
    build(b, [one, other]) {
      if (rows > FEW_ROWS) return plain.build(b, [one!, b.transpose(other!, [1, 0])]);
      const turned = b.transpose(reshaped(b, one!, [rows, k]), [1, 0]);
      const product = b.transpose(b.matmul(other!, turned), [1, 0]);
      return reshaped(b, product, [...x.shape.slice(0, -1), n]);
    },
  };
}

/** A product of matrices, or of batches of them, of just that many axes. */
export function exactProduct(name: "mm" | "bmm" | "mv" | "dot", x: Sized, y: Sized): Operation {
  const [left, right] = { mm: [2, 2], bmm: [3, 3], mv: [2, 1], dot: [1, 1] }[name] as [number, number];
  const batches = name !== "bmm" || x.shape[0] === y.shape[0];
  if (x.shape.length !== left || y.shape.length !== right || !batches)
    refuseSizes(
      name,
      `tensors of ${left} and ${right} axes`,
      `${shownShape(x.shape)} and ${shownShape(y.shape)}`,
      "matmul takes others",
    );
  return matmul(x, y, name);
}

/** Axes of a value, each under a letter. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Brings axes into an order of letters; letters that are missing become axes of 1. */
function inOrder(b: Block, { value, labels }: Labelled, wanted: readonly string[]): Value {
  const there = wanted.filter((label) => labels.includes(label));
  const turned =
    there.join("") === labels.join("")
      ? value
      : b.transpose(
          value,
          there.map((l) => labels.indexOf(l)),
        );
  const sizes = new Map(there.map((label, k) => [label, sizesOf(turned)[k]!]));
  return reshaped(
    b,
    turned,
    wanted.map((label) => sizes.get(label) ?? 1),
  );
}

/** Sums over letters that nobody reads any more. */
function summed(b: Block, { value, labels }: Labelled, kept: ReadonlySet<string>): Labelled {
  const gone = labels.flatMap((label, k) => (kept.has(label) ? [] : [k]));
  if (gone.length === 0) return { value, labels };
  const rest = labels.filter((label) => kept.has(label));
  const sizes = sizesOf(value).filter((_, k) => !gone.includes(k));
  return { value: reshaped(b, b.sum(value, gone), sizes), labels: rest };
}

/** Two operands over shared letters: a batched product of matrices. */
function contracted(b: Block, one: Labelled, other: Labelled, kept: ReadonlySet<string>): Labelled {
  const shared = one.labels.filter((label) => other.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label));
  const inner = shared.filter((label) => !kept.has(label));
  const left = one.labels.filter((label) => !shared.includes(label));
  const right = other.labels.filter((label) => !shared.includes(label));
  const sizes = new Map<string, number>();
  for (const { value, labels } of [one, other]) labels.forEach((l, k) => sizes.set(l, sizesOf(value)[k]!));
  const size = (labels: readonly string[]): number => sizeOf(labels.map((label) => sizes.get(label)!));
  const rows = reshaped(b, inOrder(b, one, [...batch, ...left, ...inner]), [
    size(batch),
    size(left),
    size(inner),
  ]);
  const columns = reshaped(b, inOrder(b, other, [...batch, ...inner, ...right]), [
    size(batch),
    size(inner),
    size(right),
  ]);
  const labels = [...batch, ...left, ...right];
  const product = reshaped(
    b,
    b.matmul(rows, columns),
    labels.map((label) => sizes.get(label)!),
  );
  return { value: product, labels };
}

/** Where two axes of one letter are equal, that one of them stays: [..., n, ..., n] to [..., n, ...]. */
function diagonal(b: Block, { value, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, k) => labels.indexOf(label) !== k);
  if (second < 0) return { value, labels };
  const first = labels.indexOf(labels[second]!);
  const others = labels.flatMap((_, k) => (k === first || k === second ? [] : [k]));
  const shape = sizesOf(value);
  const size = shape[first]!;
  const rest = others.map((k) => shape[k]!);
  const square = reshaped(b, b.transpose(value, [...others, first, second]), [...rest, size * size]);
  // Each is one more than a row after the one before it.
  const held = size === 1 ? square : b.stride(square, rest.length, 0, 0, size + 1);
  return diagonal(b, { value: held, labels: [...others.map((k) => labels[k]!), labels[first]!] });
}

/** Without axes of length 1 whose letter is longer elsewhere, along which a value is stretched. */
function unstretched(b: Block, { value, labels }: Labelled, sizes: ReadonlyMap<string, number>): Labelled {
  const own = sizesOf(value);
  const kept = labels.flatMap((label, k) => (own[k] === sizes.get(label) ? [k] : []));
  return {
    value: reshaped(
      b,
      value,
      kept.map((k) => own[k]!),
    ),
    labels: kept.map((k) => labels[k]!),
  };
}

/** Names of the axes that an ellipsis stands for, counted from the last. */
const unnamed = (count: number): string[] => Array.from({ length: count }, (_, k) => `.${count - k}`);

/** The letters of a term or of the right side, with `...` as names of their own. */
const lettersOf = (text: string, hidden: readonly string[]): string[] => {
  const [low, high] = text.split("...");
  return high === undefined ? [...text] : [...low!, ...hidden, ...high];
};

/**
 * A sum of products over letters, as `"bij,bjk->bik"`. A letter twice in a term is the diagonal; `...` stands
 * for axes that stretch to each other.
 *
 * @throws UNROLL_ARGUMENT, UNROLL_SHAPE
 */
export function einsum(equation: string, operands: readonly Sized[]): Operation {
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({ code: "UNROLL_ARGUMENT", place: "einsum", expected, got, cure });
  };
  if (typeof equation !== "string") refuse("an equation", shown(equation), 'e.g. "bij,bjk->bik"');
  floats("einsum", operands);
  const text = equation.replaceAll(" ", "");
  const term = String.raw`[a-zA-Z]*(\.\.\.)?[a-zA-Z]*`;
  if (!new RegExp(`^${term}(,${term})*(->${term})?$`).test(text))
    refuse("letters, ellipses, commas and one arrow", equation, 'e.g. "bij,bjk->bik" or "...ij,j->...i"');
  const [from = "", to] = text.split("->");
  const terms = from.split(",");
  if (terms.length !== operands.length)
    refuse(`${terms.length} tensors, as ${equation} has`, `${operands.length}`, "one for each term");
  let most = 0;
  const inputs = terms.map((one, k) => {
    const { shape } = operands[k]!;
    const letters = one.replace("...", "").length;
    const hidden = shape.length - letters;
    if (one.includes("...") ? hidden < 0 : hidden !== 0)
      refuse(`${letters} axes for "${one}"`, shownShape(shape), "one letter for each axis");
    most = Math.max(most, hidden);
    return lettersOf(one, unnamed(hidden));
  });
  const counts = new Map<string, number>();
  for (const label of inputs.flat()) counts.set(label, (counts.get(label) ?? 0) + 1);
  const once = [...counts].flatMap(([label, count]) =>
    count === 1 && !label.startsWith(".") ? [label] : [],
  );
  const output = to === undefined ? [...unnamed(most), ...once.sort()] : lettersOf(to, unnamed(most));
  const sizes = new Map<string, number>();
  inputs.forEach((labels, k) => {
    labels.forEach((label, axis) => {
      const size = operands[k]!.shape[axis]!;
      const known = sizes.get(label) ?? 1;
      const twice = labels.indexOf(label) !== axis && operands[k]!.shape[labels.indexOf(label)] !== size;
      if ((known !== 1 && size !== 1 && size !== known) || twice)
        refuse(`${known} elements along "${label}"`, `${size}`, "a letter has one size");
      sizes.set(label, Math.max(known, size));
    });
  });
  const odd = output.find((label, k) => !sizes.has(label) || output.indexOf(label) !== k);
  if (odd) refuse("each letter of the output once, and in a term", odd, "mend the right side");
  return {
    name: "einsum",
    key: `einsum ${text}`,
    build(b, values) {
      const found = values.map((value, k) =>
        unstretched(b, diagonal(b, { value, labels: inputs[k]! }), sizes),
      );
      let [all] = found as [Labelled, ...Labelled[]];
      found.slice(1).forEach((one, k) => {
        const later = new Set([...output, ...found.slice(k + 2).flatMap(({ labels }) => labels)]);
        const around = (other: Labelled): ReadonlySet<string> => new Set([...later, ...other.labels]);
        const [left, right] = [summed(b, all, around(one)), summed(b, one, around(all))];
        all = contracted(b, left, right, later);
      });
      return inOrder(b, summed(b, all, new Set(output)), output);
    },
  };
}
