import type { Tensors } from "./planting/differ.js";
import { fault, type Fault } from "./planting/fault.js";
import { changeAttrs, recurrentOf, withoutInput } from "./planting/programs.js";
import { isState } from "./planting/results.js";

/** Rows that lengths or a mask leave nothing of. */
function emptyRows({ lengths, mask }: Tensors): Set<number> {
  if (lengths) return new Set([...lengths.data.keys()].filter((row) => lengths.data[row] === 0));
  if (!mask) return new Set();
  const time = mask.shape[1]!;
  return new Set(
    Array.from({ length: mask.shape[0]! }, (_, row) => row).filter((row) =>
      mask.data.subarray(row * time, (row + 1) * time).every((value) => value === 0),
    ),
  );
}

/** Masks, lengths and what comes of padded steps. */
export const masksAndLengths: readonly Fault[] = [
  fault(
    "masked-output-zeroed",
    "a masked step puts out zeros where it should hold",
    "torch and ONNX zero, Keras holds",
    {
      program: changeAttrs((attrs) => ("maskedOutput" in attrs ? { ...attrs, maskedOutput: "zero" } : attrs)),
    },
  ),
  fault(
    "masked-output-held",
    "a masked step holds the output where it should be zero",
    "Keras semantics under a torch model",
    {
      program: changeAttrs((attrs) => ("maskedOutput" in attrs ? { ...attrs, maskedOutput: "hold" } : attrs)),
    },
  ),
  fault(
    "held-start-of-the-other-kind",
    "before the first real step zeros are held where it should be the initial state, and the other way round",
    "Keras differs between its own backends",
    {
      program: changeAttrs((attrs) =>
        "heldStart" in attrs
          ? { ...attrs, heldStart: attrs["heldStart"] === "zeros" ? "initialState" : "zeros" }
          : attrs,
      ),
    },
  ),
  fault("lengths-ignored", "lengths are not looked at", "sequence_lens left out of an export", {
    program: withoutInput("lengths"),
  }),
  fault(
    "mask-ignored",
    "a mask is not looked at",
    "JAX and NumPy fast paths, Keras 3.16 stops passing masks on",
    { program: withoutInput("mask") },
  ),
  fault(
    "mask-inverted",
    "a mask keeps what it should drop",
    "true means masked in torch attention, real in Keras",
    {
      feeds: (feeds) =>
        feeds["mask"]
          ? {
              ...feeds,
              mask: {
                ...feeds["mask"],
                data: feeds["mask"].data.map((value) => 1 - value),
              } as (typeof feeds)[string],
            }
          : feeds,
    },
  ),
  fault(
    "lengths-one-short",
    "the last real step of each row is left out",
    "t <= len - 1 read as t < len - 1",
    {
      feeds: (feeds) =>
        feeds["lengths"]
          ? {
              ...feeds,
              lengths: {
                ...feeds["lengths"],
                data: feeds["lengths"].data.map((value) => Math.max(0, value - 1)),
              } as (typeof feeds)[string],
            }
          : feeds,
    },
  ),
  fault(
    "empty-row-zeroed",
    "a row without a real step ends with zeros, not with its initial state",
    "onnxruntime zeroes Y_h and Y_c for sequence_lens 0",
    {
      results: (results, { feeds }) => {
        const empty = emptyRows(feeds);
        return Object.fromEntries(
          Object.entries(results).map(([name, held]) => {
            const width = held.shape[1]!;
            return [
              name,
              isState(name)
                ? ({
                    ...held,
                    data: Float32Array.from(held.data as Float32Array, (value, k) =>
                      empty.has(Math.floor(k / width)) ? 0 : value,
                    ),
                  } as typeof held)
                : held,
            ];
          }),
        );
      },
    },
  ),
  fault(
    "padding-leaks-in",
    "padding is multiplied by 0 instead of left out, so NaN and infinity come through",
    "masks applied as factors",
    {
      results: (results, { feeds }) => {
        if (!feeds["lengths"] && !feeds["mask"]) return results;
        const leak = Object.values(feeds)
          .filter(({ dtype }) => dtype === "float32")
          .some(({ data }) => !data.every(Number.isFinite))
          ? NaN
          : 0;
        return Object.fromEntries(
          Object.entries(results).map(([name, held]) => [
            name,
            isState(name)
              ? ({
                  ...held,
                  data: Float32Array.from(held.data as Float32Array, (value) => value + leak),
                } as typeof held)
              : held,
          ]),
        );
      },
    },
  ),
  fault(
    "final-state-of-the-last-step",
    "the final state is that of the last step, padding or not",
    "states taken from output[-1] of a padded batch",
    {
      program: (program) => ({
        ...program,
        nodes: program.nodes.flatMap((node) => {
          if (!recurrentOf(node) || !node.inputNames.includes("lengths") || node.attrs["reverse"] === true)
            return [node];
          const [y, h] = ["y", "h"].map((name) => node.outputs[node.outputNames.indexOf(name)]!) as [
            (typeof node.outputs)[number],
            (typeof node.outputs)[number],
          ];
          const hidden = { ...h, id: `${h.id}.real` };
          const last = {
            id: `${h.id}.last`,
            type: { dtype: "float32" as const, shape: [1, ...h.type.shape] },
          };
          return [
            {
              ...node,
              outputs: node.outputs.map((output) => (output === h ? hidden : output)),
            } as typeof node,
            {
              kind: "primitive" as const,
              op: "slice",
              inputs: [y.id],
              attrs: { axis: 0, start: -1, length: 1 },
              outputs: [last],
            },
            {
              kind: "primitive" as const,
              op: "squeeze",
              inputs: [last.id],
              attrs: { axis: 0 },
              outputs: [h],
            },
          ];
        }),
      }),
    },
  ),
];
