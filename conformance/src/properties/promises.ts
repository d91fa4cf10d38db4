import { type Adapter, type HostTensor, isUnrollError } from "@unroll/api";
import type {
  Capabilities,
  DeviceTensor,
  Executable,
  Feed,
  Named,
  Program,
  SyncExecutable,
} from "@unroll/api/adapter";
import { Violation } from "./property.js";

/** How long an engine may take for one compile or run, in milliseconds. */
const PATIENCE = 120_000;

/** Waits for an answer, but not for ever: a process with nothing left to do would end without a word. */
async function answered<T>(place: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Violation(place, `an answer within ${PATIENCE / 1000} s, got none`));
    }, PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is claimed and then refused is no honest refusal, save for integers beyond those that are claimed. */
function broken(place: string, error: unknown, { largestInteger }: Capabilities): unknown {
  if (!isUnrollError(error) || error.code !== "UNROLL_UNSUPPORTED") return error;
  if (largestInteger !== undefined && error.details["largest"] === largestInteger) return error;
  return new Violation(place, `what its capabilities claim to be done, got ${error.message}`);
}

/** The sizes of the axes that have names, as feeds have them. */
function sizesOf({ inputs }: Program, feeds: Readonly<Record<string, Feed>>): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, type } of inputs)
    type.shape.forEach((dim, axis) => {
      if (typeof dim === "string") sizes.set(dim, feeds[name]!.shape[axis]!);
    });
  return sizes;
}

/** Whether a result is of the declared type; lengths that follow from others are not worked out here. */
function fits({ type }: Named, { dtype, shape }: DeviceTensor, sizes: ReadonlyMap<string, number>): boolean {
  return (
    dtype === type.dtype &&
    shape.length === type.shape.length &&
    type.shape.every((dim, k) => (typeof dim === "number" ? dim : (sizes.get(dim) ?? shape[k])) === shape[k])
  );
}

/** Holds what a run returned against what its program declares: these names and types, and no more. */
function expectDeclared(
  program: Program,
  feeds: Readonly<Record<string, Feed>>,
  results: Readonly<Record<string, DeviceTensor>>,
): void {
  const place = `program "${program.name}" run`;
  const wanted = program.outputs.map(({ name }) => name);
  const got = Object.keys(results);
  if ([...wanted].sort().join() !== [...got].sort().join())
    throw new Violation(place, `results ${wanted.join(", ")}, got ${got.join(", ") || "none"}`);
  const sizes = sizesOf(program, feeds);
  for (const output of program.outputs) {
    const result = results[output.name]!;
    if (fits(output, result, sizes)) continue;
    const { dtype, shape } = output.type;
    throw new Violation(
      `${place}, result "${output.name}"`,
      `${dtype} [${shape.join(", ")}], got ${result.dtype} [${result.shape.join(", ")}]`,
    );
  }
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Holds a tensor in host memory against its dtype: the array that belongs to it. @throws Violation */
export function expectArray(place: string, { dtype, data }: HostTensor): void {
  if (!(data instanceof arrays[dtype]))
    throw new Violation(
      place,
      `a ${arrays[dtype].name} for ${dtype}, got ${(data as object).constructor.name}`,
    );
}

/**
 * An adapter that is held to what it promises, whatever it is asked for: what it claims it does, in finite
 * time, and results have the declared names and types.
 */
export function heldToPromises(adapter: Adapter): Adapter {
  const promised = async <T>(place: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await answered(place, work());
    } catch (error) {
      throw broken(place, error, adapter.capabilities);
    }
  };
  const promisedAtOnce = <T>(place: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw broken(place, error, adapter.capabilities);
    }
  };
  const held = (program: Program, inner: Executable): Executable => ({
    async run(feeds) {
      const results = await promised(`program "${program.name}" run`, () => inner.run(feeds));
      expectDeclared(program, feeds, results);
      return results;
    },
    dispose: () => inner.dispose(),
    ...(inner.rebind && {
      rebind: (weights) => promised(`program "${program.name}" rebind`, () => inner.rebind!(weights)),
    }),
  });
  const heldSync = (program: Program, inner: SyncExecutable): SyncExecutable => ({
    ...held(program, inner),
    runInto: (inputs, outputs, dims) =>
      promisedAtOnce(`program "${program.name}" runInto`, () => inner.runInto(inputs, outputs, dims)),
  });
  const { compileSync } = adapter;
  return {
    name: adapter.name,
    device: adapter.device,
    ...(adapter.version === undefined ? {} : { version: adapter.version }),
    ...(adapter.start && { start: () => promised("start", () => adapter.start!()) }),
    capabilities: adapter.capabilities,
    compile: async (program, weights) =>
      held(
        program,
        await promised(`program "${program.name}" compile`, () => adapter.compile(program, weights)),
      ),
    ...(compileSync && {
      compileSync: (program, weights) =>
        heldSync(
          program,
          promisedAtOnce(`program "${program.name}" compile`, () =>
            compileSync.call(adapter, program, weights),
          ),
        ),
    }),
  };
}
