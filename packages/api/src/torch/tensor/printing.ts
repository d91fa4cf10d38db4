import type { HostTensor } from "../../contract/tensor.js";
import { sizeOf } from "../../contract/tensor.js";

/** More elements than this are shown by those at the edges. */
const WHOLE = 1000;
/** How many at each edge. */
const EDGE = 3;

const INDENT = "tensor(".length;

/** Numbers as PyTorch prints them: of one width, four places unless all are whole, or in powers of ten. */
function formatterOf(values: readonly number[], { dtype }: HostTensor): (value: number) => string {
  if (dtype === "bool") return (value) => (value ? "true" : "false");
  if (dtype === "int32") return String;
  const finite = values.filter(Number.isFinite).map(Math.abs);
  const [least, most] = [Math.min(...finite.filter((value) => value > 0), Infinity), Math.max(...finite, 0)];
  const special = (value: number): string => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");
  const plain = (text: (value: number) => string) => (value: number) =>
    Number.isFinite(value) ? text(value) : special(value);
  if (finite.every(Number.isInteger)) return plain((value) => (most > 1e8 ? power(value) : `${value}.`));
  return plain(most / least > 1e3 || most > 1e8 || least < 1e-4 ? power : (value) => value.toFixed(4));
}

const power = (value: number): string => {
  const [mantissa, exponent] = value.toExponential(4).split("e") as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
};

/** A tensor as PyTorch prints it, the middle of large ones left out. */
export function printed(tensor: HostTensor): string {
  const { shape, data, dtype } = tensor;
  const edges = sizeOf(shape) > WHOLE;
  const seen: number[] = [];
  const positions = (size: number): number[] => {
    const all = Array.from({ length: size }, (_, k) => k);
    return edges && size > 2 * EDGE ? [...all.slice(0, EDGE), -1, ...all.slice(size - EDGE)] : all;
  };
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) seen.push(data[at]!);
    else for (const k of positions(shape[axis]!)) if (k >= 0) collect(axis + 1, at * shape[axis]! + k);
  };
  collect(0, 0);
  const text = formatterOf(seen, tensor);
  const width = Math.max(0, ...seen.map((value) => text(value).length));
  const write = (axis: number, at: number, indent: number): string => {
    if (axis === shape.length) return text(data[at]!).padStart(width);
    const items = positions(shape[axis]!).map((k) =>
      k < 0 ? "..." : write(axis + 1, at * shape[axis]! + k, indent + 1),
    );
    const last = axis === shape.length - 1;
    const gap = last ? ", " : `,${"\n".repeat(shape.length - axis - 1)}${" ".repeat(indent + 1)}`;
    return `[${items.join(gap)}]`;
  };
  const kind = dtype === "float32" ? "" : `, dtype=${dtype}`;
  const size = sizeOf(shape) === 0 && shape.length > 1 ? `, size=(${shape.join(", ")})` : "";
  return `tensor(${write(0, 0, INDENT)}${size}${kind})`;
}
