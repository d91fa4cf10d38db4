import { type HostTensor, specState, type StatePartSpec, tensor, unrollError } from "@unroll/api";
import { nn, packPaddedSequence, padPackedSequence, type PackedSequence } from "@unroll/api/torch";
import { toFloat32 } from "@unroll/api/weights";
import { evaluate, type Run } from "@unroll/conformance";
import { swapped, swappedFloats } from "./axes.js";
import {
  canStep,
  type CoreResults,
  float64,
  type NamedResults,
  type RecordedCase,
  steps,
  type Tensors,
  truthOf,
} from "./recorded.js";

/** A case of a manifest that `record.py` made of a PyTorch module. */
export interface TorchEntry {
  readonly name: string;
  readonly file: string;
  readonly type: "module" | "cell";
  readonly module: string;
  readonly args: Readonly<Record<string, unknown>> & {
    readonly input_size: number;
    readonly hidden_size: number;
    readonly batch_first?: boolean;
  };
  readonly unbatched: boolean;
  readonly state_given: boolean;
  readonly lengths: readonly number[] | null;
}

type Floats = HostTensor<"float32">;

const options: Readonly<Record<string, string>> = {
  num_layers: "numLayers",
  bias: "bias",
  batch_first: "batchFirst",
  dropout: "dropout",
  bidirectional: "bidirectional",
  nonlinearity: "nonlinearity",
  proj_size: "projSize",
};

/** The facade's options. One that it does not have is refused by name rather than left out. */
function optionsOf({ args }: TorchEntry, place: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args)
      .filter(([name]) => name !== "input_size" && name !== "hidden_size")
      .map(([name, value]) => {
        if (!options[name])
          throw unrollError({
            code: "UNROLL_UNSUPPORTED",
            place: place,
            expected: `arguments ${Object.keys(options).join(", ")}`,
            got: `"${name}"`,
            cure: "this recording is newer than this command",
            details: { name },
          });
        return [options[name], value];
      }),
  );
}

/**
 * Makes a case ready.
 *
 * @throws UNROLL_UNSUPPORTED when the facade can't express the module, UNROLL_FORMAT when the file is not as
 *   it says
 */
export function torchCase(entry: TorchEntry, tensors: Tensors): RecordedCase {
  const place = `case "${entry.name}"`;
  const load = (name: string): Floats =>
    toFloat32(tensors[name] ?? missing(place, name), `${place} tensor "${name}"`);
  const parameters = Object.fromEntries(
    Object.entries(tensors).filter(([name]) => /^(weight|bias)_/.test(name)),
  );
  const { input_size: inputSize, hidden_size: hiddenSize, batch_first: batchFirst = false } = entry.args;
  const own = optionsOf(entry, place);
  const isLstm = entry.module.includes("LSTM");
  const isCell = entry.type === "cell";
  const input = load("input");
  const state = entry.state_given ? (isLstm ? [load("h0"), load("c0")] : [load("h0")]) : null;

  const make = (): InstanceType<typeof nn.LSTM> => {
    const classes = nn as unknown as Readonly<
      Record<
        string,
        new (inputSize: number, hiddenSize: number, options: object) => InstanceType<typeof nn.LSTM>
      >
    >;
    const Class = classes[entry.module.replace("torch.nn.", "")];
    if (!Class)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: place,
        expected: "a recurrent module of torch.nn",
        got: entry.module,
        cure: "record its parts one by one",
        details: { module: entry.module },
      });
    const module = new Class(inputSize, hiddenSize, own);
    module.loadStateDict(parameters);
    return module;
  };

  // As the core has it: [batch, time, ...], with a batch of 1 where there was none.
  const batched = (given: Floats, axis: number): Floats =>
    entry.unbatched
      ? { ...given, shape: [...given.shape.slice(0, axis), 1, ...given.shape.slice(axis)] }
      : given;
  const timeFirst = isCell || !batchFirst || entry.unbatched;
  const x = timeFirst ? swappedFloats(batched(input, 1)) : input;
  const example = [
    isCell ? sliceOf(input, 0) : input,
    ...(state ? [isLstm ? (state as [Floats, Floats]) : state[0]!] : []),
  ];
  const module = make();
  const [spec, weights] = [module.spec({ example }), module.canonicalWeights({ example })];
  const parts = specState(spec);
  const stateOf = (kind: "h" | "c"): readonly StatePartSpec[] =>
    parts.filter(({ part }) => part.split(".").pop() === kind);
  const run: Run = {
    inputs: { [spec.inputs[0]!.name]: x },
    lengths: entry.lengths ? tensor(entry.lengths, [entry.lengths.length], "int32") : undefined,
    state: state ? initial(state) : undefined,
  };

  function initial(given: readonly Floats[]): Record<string, Record<string, Floats>> {
    const made: Record<string, Record<string, Floats>> = {};
    (["h", "c"] as const).forEach((kind, n) =>
      stateOf(kind).forEach(({ layer, part, shape: [units] }, k) => {
        const all = given[n]!;
        const size = x.shape[0]! * units!;
        (made[layer] ??= {})[part] = tensor(all.data.subarray(k * size, (k + 1) * size), [
          x.shape[0]!,
          units!,
        ]);
      }),
    );
    return made;
  }

  /** Core results in PyTorch's names and axes. */
  const named = (results: CoreResults): NamedResults => {
    const output = results.outputs[spec.outputs[0]!]!;
    const laid = timeFirst ? swapped(output, (size) => new Float64Array(size)) : output;
    const without = (shape: readonly number[], axis: number): number[] =>
      shape.filter((_, k) => !(entry.unbatched && k === axis));
    const stacked = (kind: "h" | "c"): NamedResults[string] => {
      const list = stateOf(kind).map(({ layer, part }) => results.state[layer]![part]!);
      return {
        shape: without([...(isCell ? [] : [list.length]), ...list[0]!.shape], isCell ? 0 : 1),
        data: Float64Array.from(list.flatMap(({ data }) => Array.from(data))),
      };
    };
    return {
      output: { shape: without(laid.shape, timeFirst ? 1 : 0), data: laid.data },
      h_n: stacked("h"),
      ...(isLstm ? { c_n: stacked("c") } : {}),
    };
  };

  const facade = async (adapter: Parameters<typeof steps>[3]): Promise<NamedResults> => {
    const fresh = make().to(adapter);
    const packed = entry.lengths
      ? packPaddedSequence(input, entry.lengths, { batchFirst, enforceSorted: false })
      : input;
    const [output, last] = (await (fresh.run as (...given: unknown[]) => Promise<unknown>)(
      packed,
      ...example.slice(1),
    )) as [Floats | PackedSequence, Floats | [Floats, Floats]];
    const total = input.shape[batchFirst ? 1 : 0]!;
    const padded = entry.lengths
      ? padPackedSequence(output as PackedSequence, { batchFirst, totalLength: total })[0]
      : (output as Floats);
    fresh.dispose();
    return isLstm
      ? { output: padded, h_n: (last as [Floats, Floats])[0], c_n: (last as [Floats, Floats])[1] }
      : { output: padded, h_n: last as Floats };
  };

  /** PyTorch's loop over a cell. */
  const cellLoop = async (adapter: Parameters<typeof steps>[3]): Promise<NamedResults> => {
    const cell = make().to(adapter);
    const zeros = (): Floats => ({
      dtype: "float32",
      shape: [...input.shape.slice(1, -1), hiddenSize],
      data: new Float32Array(input.shape.slice(1, -1).reduce((a, b) => a * b, 1) * hiddenSize),
    });
    let hidden: Floats | [Floats, Floats] = state
      ? isLstm
        ? [state[0]!, state[1]!]
        : state[0]!
      : isLstm
        ? [zeros(), zeros()]
        : zeros();
    const outputs: number[] = [];
    for (let t = 0; t < input.shape[0]!; t++) {
      hidden = (await (cell.run as (...given: unknown[]) => Promise<unknown>)(
        sliceOf(input, t),
        hidden,
      )) as typeof hidden;
      outputs.push(...(isLstm ? (hidden as [Floats, Floats])[0] : (hidden as Floats)).data);
    }
    cell.dispose();
    const [h, c] = isLstm ? (hidden as [Floats, Floats]) : [hidden as Floats, undefined];
    return {
      output: { shape: [input.shape[0]!, ...h.shape], data: outputs },
      h_n: h,
      ...(c ? { c_n: c } : {}),
    };
  };

  const names = ["output", "h_n", ...(isLstm ? ["c_n"] : [])];
  return {
    name: entry.name,
    want: Object.fromEntries(names.map((name) => [name, float64(tensors, `f64.${name}`, place)])),
    ...truthOf(spec, weights, run, named),
    modes: isCell
      ? [{ mode: "step", run: cellLoop }]
      : [
          { mode: "sequence", run: facade },
          ...(canStep(spec, run)
            ? [
                {
                  mode: "step" as const,
                  run: async (adapter: Parameters<typeof steps>[3]) =>
                    named(await steps(spec, weights, run, adapter, evaluate(spec, weights, run))),
                },
              ]
            : []),
        ],
  };
}

function sliceOf(all: Floats, index: number): Floats {
  const [, ...shape] = all.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: "float32", shape, data: all.data.subarray(index * size, (index + 1) * size) };
}

function missing(place: string, name: string): never {
  throw unrollError({
    code: "UNROLL_FORMAT",
    place: place,
    expected: `tensor "${name}"`,
    got: "none in its file",
    cure: "record the case again",
    details: { name },
  });
}
