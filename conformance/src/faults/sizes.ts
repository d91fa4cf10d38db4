import type { HostTensor } from "@unroll/api";
import { changeElements, coarse, isState } from "./planting/results.js";
import { fault, type Fault, type RunInfo } from "./planting/fault.js";
import { recurrentOf } from "./planting/programs.js";
import { rolesOf } from "./planting/weights.js";

/** Size of the last axis. */
const width = ({ shape }: HostTensor): number => shape[shape.length - 1]!;

const largestUnits = ({ program }: Pick<RunInfo, "program">): number =>
  Math.max(0, ...[...rolesOf(program).values()].map(({ units }) => units));

/** What is right only for small models, or only for some sizes. */
export const sizes: readonly Fault[] = [
  fault(
    "tail-of-a-tile-dropped",
    "of more than 16 units, those after the last whole tile of 8 are zero",
    "SIMD kernels whose loop over the rest is wrong only where there is a whole tile before it",
    {
      results: changeElements((value, k, held) => {
        const units = width(held);
        return units > 16 && k % units >= units - (units % 8) ? 0 : value;
      }, isState),
    },
  ),
  fault(
    "units-past-a-block-read-twice",
    "units from number 128 on are those from number 0 on",
    "workgroups of 128 threads whose second block reads the first",
    {
      results: changeElements((value, k, { shape, data }) => {
        const unit = k % shape[shape.length - 1]!;
        return unit < 128 ? value : data[k - 128]!;
      }),
    },
  ),
  fault(
    "rows-past-a-tile-repeated",
    "of more than 8 rows, the ninth and those after it are the eighth",
    "matrix products in tiles of rows with a clamped index",
    {
      results: changeElements((value, k, { shape, data }) => {
        const size = data.length / shape[0]!;
        return shape[0]! > 8 && k >= 8 * size ? data[7 * size + (k % size)]! : value;
      }),
    },
  ),
  fault(
    "steps-past-a-block-repeated",
    "outputs past 512 steps are those of the last step of the block",
    "rings of preallocated outputs that are too short",
    {
      results: changeElements(
        (value, k, { shape, data }) => {
          if (shape.length < 3 || shape[1]! <= 512) return value;
          const size = shape[2]!;
          const step = Math.floor(k / size) % shape[1]!;
          return step < 512 ? value : data[k - (step - 511) * size]!;
        },
        (name) => !isState(name),
      ),
    },
  ),
  fault(
    "ids-in-16-bits",
    "ids above 65,535 wrap around",
    "indices that are sent to the device as unsigned 16-bit numbers",
    {
      feeds: (feeds) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, feed]) => [
            name,
            feed.dtype === "int32" && !name.startsWith("lengths")
              ? ({
                  ...feed,
                  data: Int32Array.from(feed.data as Int32Array, (id) => id & 0xffff),
                } as HostTensor)
              : feed,
          ]),
        ),
    },
  ),
  fault(
    "last-row-of-a-table-out-of-reach",
    "the last id of a vocabulary of 128 or more reads the row before its own",
    "clamps to size - 2 where size - 1 was meant",
    {
      weights: (weights) =>
        Object.fromEntries(
          Object.entries(weights).map(([name, weight]) => {
            const [rows, size] = weight.shape as [number, number];
            if (!name.endsWith(".table") || rows < 128) return [name, weight];
            const data = (weight.data as Float32Array).slice();
            data.copyWithin((rows - 1) * size, (rows - 2) * size, (rows - 1) * size);
            return [name, { ...weight, data } as HostTensor];
          }),
        ),
    },
  ),
  fault(
    "many-terms-in-few-bits",
    "results of layers with weights of 512 rows or more have 16 bits of mantissa",
    "accumulators in half precision where the product is split into blocks",
    {
      results: (results, { program }) =>
        program.params.some(({ type }) => type.shape.length === 2 && (type.shape[0] as number) >= 512)
          ? changeElements((value) => coarse(value, 11))(results)
          : results,
    },
  ),
  fault(
    "deep-stacks-share-a-state",
    "the fourth recurrent layer of a stack begins with the state of the third after the run before",
    "state buffers in a pool of three",
    {
      results: (results, { program }) => {
        const layers = program.nodes.filter(recurrentOf).length;
        if (layers < 4) return results;
        const [first] = Object.keys(results).filter(isState);
        return changeElements(
          (value) => value / 2,
          (name) => name === first,
        )(results);
      },
    },
  ),
  fault(
    "wide-softmax-loses-its-tail",
    "of a vector of more than 256 elements, those after the 256th are zero",
    "reductions of one workgroup",
    {
      results: changeElements((value, k, held) => (k % width(held) >= 256 ? 0 : value)),
    },
  ),
  fault(
    "units-of-a-power-of-two-are-off",
    "layers whose units are a multiple of 64 compute in 16 bits of mantissa",
    "fast paths for aligned sizes with instructions of their own",
    {
      results: (results, info) => {
        const units = largestUnits(info);
        return units > 0 && units % 64 === 0
          ? changeElements((value) => coarse(value, 15))(results)
          : results;
      },
    },
  ),
];
