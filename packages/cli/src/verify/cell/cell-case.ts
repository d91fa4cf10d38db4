import { type CustomCellSpec, input, isUnrollError, recurrent, spec } from "@unroll/api";
import * as cells from "@unroll/api/cells";
import type { RecordedCase } from "../recorded.js";
import { type RecordedTensors, refusal, renamed } from "../recorded-tensors.js";
import { specCase } from "../spec/spec-case.js";
import type { CellEntry } from "./cell-entry.js";

/**
 * The largest number that options may hold: some of them count operations of a cell, which are made before a
 * tensor of the file could say that the number is none of its sizes.
 */
const MOST = 4096;

type Make = (...given: unknown[]) => CustomCellSpec;

/** The builder of a cell. */
function makeOf(name: string, place: string): Make {
  const known = Object.keys(cells).filter((one) => one.endsWith("Cell"));
  if (!known.includes(name))
    throw refusal(place, `a cell among ${known.join(", ")}`, JSON.stringify(name.slice(0, 60)));
  return cells[name as keyof typeof cells] as unknown as Make;
}

/** Whether no number in a value is too large, however deep it lies. */
function isSmall(value: unknown, depth = 0): boolean {
  if (typeof value === "number") return Math.abs(value) <= MOST;
  if (typeof value !== "object" || value === null) return true;
  return depth < 8 && Object.values(value).every((one) => isSmall(one, depth + 1));
}

/** The cell of an entry. @throws UNROLL_FORMAT and what the cell's builder refuses */
function cellOf({ cell, options, wraps }: CellEntry, place: string): CustomCellSpec {
  if (![options, wraps?.options, wraps?.given].every((one) => isSmall(one)))
    throw refusal(place, `options with numbers up to ${MOST}`, "larger ones, or nested without end");
  try {
    return wraps
      ? makeOf(cell, place)(makeOf(wraps.cell, place)(wraps.options), wraps.given)
      : makeOf(cell, place)(options);
  } catch (error) {
    if (isUnrollError(error)) throw error;
    // A builder is written for calls that were type-checked; these options come out of a file.
    throw refusal(place, `options of ${cell}`, (error as Error).message.slice(0, 200));
  }
}

/**
 * Makes a case ready. Its file has the input `x`, what the cell reads beside it as `read.NAME`, weights by
 * the cell's own names, the state that it starts from as `state.PART`, and the results `f64.output` and
 * `f64.state.PART`.
 *
 * @throws UNROLL_SPEC and UNROLL_ARGUMENT of the cell, UNROLL_FORMAT when the file is not as it says
 */
export function cellCase(entry: CellEntry, tensors: RecordedTensors): RecordedCase {
  const cell = cellOf(entry, tensors.place);
  const reads = Object.entries(cell.reads);
  const model = spec({
    name: entry.name || "cell",
    inputs: [
      input({ name: "x", shape: [cell.inputSize] }),
      ...reads.map(([name, { shape }]) => input({ name, shape })),
    ],
    layers: [
      recurrent({
        name: "layer",
        input: "x",
        cell,
        reads: Object.fromEntries(reads.map(([name]) => [name, name])),
      }),
    ],
  });
  const names = new Map([
    ["x", "x"],
    ["f64.layer", "f64.output"],
    ...reads.map(([name]) => [name, `read.${name}`] as const),
    ...Object.keys(cell.weights).map((name) => [`w.layer.${name}`, name] as const),
    ...Object.keys(cell.state).flatMap((part) => [
      [`state.layer.${part}`, `state.${part}`] as const,
      [`f64.state.layer.${part}`, `f64.state.${part}`] as const,
    ]),
  ]);
  const { name, file, lengths } = entry;
  return specCase({ name, file, spec: model, weights: "canonical", lengths }, renamed(tensors, names));
}
