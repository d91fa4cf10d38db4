import { type HostTensor, unrollError } from "@unroll/api";
import { packPaddedSequence, type PackedSequence, padPackedSequence } from "@unroll/api/torch";
import type { RecordedCall, RecordedValue } from "./port-record.js";

/** Names that Python and JavaScript write differently: `final_state` is `finalState`. */
const spoken = (name: string): string => name.replaceAll("_", "").toLowerCase();

/** The name in an object that a name of Python's is there; undefined where there is none, or are several. */
function nameIn(object: object, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const fits = Object.keys(object).filter((one) => spoken(one) === spoken(name));
  return fits.length === 1 ? fits[0] : undefined;
}

/** A tensor, of a trace too, which has no values to look at. */
const isTensor = (value: unknown): value is HostTensor =>
  typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "data" in value;

const isPacked = (value: unknown): value is PackedSequence =>
  typeof value === "object" && value !== null && "lengths" in value && "data" in value;

/** A value of a port in a few words. */
function shown(value: unknown): string {
  if (isTensor(value)) return `${value.dtype} [${value.shape.join(", ")}]`;
  if (isPacked(value)) return "a packed sequence";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return `an object with ${Object.keys(value).join(", ")}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** What a call may take for a tensor of a record. */
type TensorOf = (tensor: HostTensor) => HostTensor;

/**
 * Arguments of a call.
 *
 * @param results what the calls before it returned
 * @param tensorOf what stands for a recorded tensor
 * @throws UNROLL_ARGUMENT where an earlier call returned no such part
 */
export function argumentsOf(call: RecordedCall, results: readonly unknown[], tensorOf: TensorOf): unknown[] {
  const valueOf = (value: RecordedValue): unknown => {
    switch (value.kind) {
      case "tensor":
        return tensorOf(value.tensor);
      case "packed":
        return packPaddedSequence(tensorOf(value.tensor), value.lengths, { enforceSorted: false });
      case "list":
        return value.items.map(valueOf);
      case "dict":
        return Object.fromEntries(value.entries.map(([name, one]) => [name, valueOf(one)]));
      case "plain":
        // What is left out in JavaScript is undefined, and defaults of parameters stand for that alone.
        return value.value ?? undefined;
      case "result":
        return partOf(results[value.call], value.path, `result of call ${value.call}`);
      default:
        return value satisfies never;
    }
  };
  return call.arguments.map(valueOf);
}

function partOf(value: unknown, path: readonly (number | string)[], place: string): unknown {
  let part = value;
  for (const step of path) {
    const name =
      typeof step === "number" || typeof part !== "object" || part === null ? step : nameIn(part, step);
    const inside = typeof step === "number" ? Array.isArray(part) && step < part.length : name !== undefined;
    if (!inside || typeof part !== "object" || part === null)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `a part [${path.join("][")}], which a later call takes`,
        got: shown(value),
        cure: "return what the module returns in Python",
        details: { path },
      });
    part = (part as Record<string | number, unknown>)[name!];
  }
  return part;
}

/** Tensors that calls are given, in order. */
export function tensorsOf(calls: readonly RecordedCall[]): HostTensor[] {
  const found: HostTensor[] = [];
  const look = (value: RecordedValue): void => {
    if (value.kind === "tensor" || value.kind === "packed") found.push(value.tensor);
    else if (value.kind === "list") value.items.forEach(look);
    else if (value.kind === "dict") value.entries.forEach(([, one]) => look(one));
  };
  for (const call of calls) call.arguments.forEach(look);
  return found;
}

/** A tensor that a call should return, and what the port returned in its place. */
export interface Leaf {
  /** Where it stands in what the call returns, as `[1][0]` or `.state`; empty for the whole. */
  readonly path: string;
  readonly want: HostTensor;
  readonly float64: Float64Array | null;
  readonly got: HostTensor;
}

/** Where the result of a port is of another form than PyTorch's. */
export class OtherForm {
  /** Where it stands in the result. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;

  constructor(path: string, expected: string, got: unknown) {
    this.path = path;
    this.expected = expected;
    this.got = shown(got);
  }
}

/**
 * The tensors of a result beside those that PyTorch returned, in order. What is no tensor has to be the same.
 *
 * @param numbered what stands for a number where PyTorch returned one
 */
export function leavesOf(
  result: RecordedValue,
  got: unknown,
  numbered: (value: number) => HostTensor,
): Leaf[] | OtherForm {
  const leaves: Leaf[] = [];
  const pair = (value: RecordedValue, one: unknown, path: string): OtherForm | null => {
    switch (value.kind) {
      case "tensor":
      case "packed": {
        const { tensor: want, float64 = null } = value;
        const tensor =
          value.kind === "packed"
            ? unpacked(one, value.lengths)
            : typeof one === "number" && want.shape.length === 0
              ? numbered(one)
              : one;
        const packed = value.kind === "packed" ? "packed " : "";
        const expected = `${packed}${want.dtype} [${want.shape.join(", ")}]`;
        if (!isTensor(tensor) || tensor.dtype !== want.dtype || tensor.shape.join() !== want.shape.join())
          return new OtherForm(path, expected, tensor ?? one);
        leaves.push({ path, want, float64, got: tensor });
        return null;
      }
      case "list":
        if (!Array.isArray(one) || one.length !== value.items.length)
          return new OtherForm(path, `a list of ${value.items.length}`, one);
        return first(value.items, (item, k) => pair(item, one[k], `${path}[${k}]`));
      case "dict": {
        const names = value.entries.map(([name]) => name);
        if (typeof one !== "object" || one === null || Object.keys(one).length !== names.length)
          return new OtherForm(path, `an object with ${names.join(", ")}`, one);
        return first(value.entries, ([name, item]) => {
          const own = nameIn(one, name);
          if (own === undefined) return new OtherForm(path, `an object with ${names.join(", ")}`, one);
          return pair(item, (one as Record<string, unknown>)[own], `${path}.${own}`);
        });
      }
      case "plain":
        return Object.is(one ?? null, value.value) ? null : new OtherForm(path, shown(value.value), one);
      case "result":
        return new OtherForm(path, "a value", one);
      default:
        return value satisfies never;
    }
  };
  return pair(result, got, "") ?? leaves;
}

function first<T>(items: readonly T[], look: (item: T, k: number) => OtherForm | null): OtherForm | null {
  for (const [k, item] of items.entries()) {
    const found = look(item, k);
    if (found) return found;
  }
  return null;
}

/** Rows of a packed sequence with zeros past their ends; null for anything else, and for other ends. */
function unpacked(value: unknown, lengths: readonly number[]): HostTensor | null {
  if (!isPacked(value)) return null;
  const [padded, ends] = padPackedSequence(value);
  return Array.from(ends as ArrayLike<number>).join() === lengths.join() ? padded : null;
}
