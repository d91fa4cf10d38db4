import { type DType, type HostTensor, sizeOf } from "../../contract/tensor.js";

/** More elements than this are shown by those at the edges. */
const WHOLE = 1000;
/** How many at each edge. */
const EDGE = 3;
/** Columns of a line at most. */
const LINE = 80;

const INDENT = "tensor(".length;

/** How values are written, and how wide. */
interface Format {
  readonly width: number;
  text(value: number): string;
}

/**
 * Numbers as PyTorch writes them: of one width, four places unless all are whole, or in powers of ten.
 * Booleans are JavaScript's. Source: `torch/_tensor_str.py`.
 */
function formatOf(values: readonly number[], dtype: DType): Format {
  const widest = (texts: readonly string[]): number => Math.max(1, ...texts.map(({ length }) => length));
  if (dtype !== "float32") {
    const text = (value: number): string => (dtype === "bool" ? (value ? "true" : "false") : `${value}`);
    return { width: widest(values.map(text)), text };
  }
  const telling = values.filter((value) => Number.isFinite(value) && value !== 0);
  const sizes = telling.map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const whole = telling.every(Number.isInteger);
  const powers = telling.length > 0 && (most / least > 1000 || most > 1e8 || (!whole && least < 1e-4));
  const write = powers ? power : whole ? (value: number) => `${signed(value, 0)}.` : fixed;
  const text = (value: number): string =>
    Number.isFinite(value) ? write(value) : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  // Zeros and what is not finite are as wide as they are, and make nothing else wider.
  return { width: widest(telling.map(text)), text };
}

/** JavaScript writes -0 without its sign. */
const signed = (value: number, places: number): string =>
  `${Object.is(value, -0) ? "-" : ""}${value.toFixed(places)}`;

const fixed = (value: number): string => signed(value, 4);

const power = (value: number): string => {
  const [mantissa, exponent] = value.toExponential(4).split("e") as [string, string];
  const sign = Object.is(value, -0) ? "-" : "";
  return `${sign}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
};

/** A tensor as PyTorch prints it, the middle of large ones left out. */
export function printed({ shape, data, dtype }: HostTensor): string {
  const edges = sizeOf(shape) > WHOLE;
  const seen: number[] = [];
  // -1 stands for those in the middle.
  const positions = (size: number): number[] => {
    const all = Array.from({ length: size }, (_, k) => k);
    return edges && size > 2 * EDGE ? [...all.slice(0, EDGE), -1, ...all.slice(size - EDGE)] : all;
  };
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) seen.push(data[at]!);
    else for (const k of positions(shape[axis]!)) if (k >= 0) collect(axis + 1, at * shape[axis]! + k);
  };
  collect(0, 0);
  const { width, text } = formatOf(seen, dtype);
  const write = (axis: number, at: number, indent: number): string => {
    if (axis === shape.length) return text(data[at]!).padStart(width);
    const size = shape[axis]!;
    if (axis === shape.length - 1) {
      const items = positions(size).map((k) => (k < 0 ? " ..." : text(data[at * size + k]!).padStart(width)));
      return `[${lines(items, Math.max(1, Math.floor((LINE - indent) / (width + 2))), indent + 1)}]`;
    }
    const items = positions(size).map((k) => (k < 0 ? "..." : write(axis + 1, at * size + k, indent + 1)));
    return `[${items.join(`,${"\n".repeat(shape.length - axis - 1)}${" ".repeat(indent + 1)}`)}]`;
  };
  if (sizeOf(shape) > 0) return `tensor(${write(0, 0, INDENT)})`;
  const size = shape.length > 1 ? `, size=(${shape.join(", ")})` : "";
  return `tensor([]${size}${dtype === "float32" ? "" : `, dtype=${dtype}`})`;
}

/** Items with so many in a line. */
function lines(items: readonly string[], many: number, indent: number): string {
  const rows: string[] = [];
  for (let k = 0; k < items.length; k += many) rows.push(items.slice(k, k + many).join(", "));
  return rows.join(`,\n${" ".repeat(indent)}`);
}
