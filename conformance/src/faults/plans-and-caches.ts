import type { Adapter } from "@unroll/api";
import type { DeviceTensor, Executable, HostTensor, Program } from "@unroll/api/adapter";
import { broken, fault, type Fault, fire } from "./planting/fault.js";
import { changeElements, isState } from "./planting/results.js";
import type { Tensors } from "./planting/differ.js";

const shapesOf = (feeds: Tensors): string =>
  Object.values(feeds)
    .map(({ shape }) => shape.join())
    .join(" ");

const first = (feeds: Tensors): HostTensor | undefined => Object.values(feeds)[0];

/** Sets of an executable's memory, by name. */
const setOf = (memory: Record<string, unknown>, name: string): Set<string> =>
  (memory[name] ??= new Set<string>()) as Set<string>;

const halved = changeElements((value) => value / 2);

interface Compiled {
  readonly program: Program;
  readonly executable: Executable;
}

/** A fault of an engine that keeps something from one executable to the next. */
const faultOfEngine = (
  id: string,
  title: string,
  seen: string,
  how: () => (
    own: Compiled,
    fired: () => void,
    compile: () => Promise<Executable>,
  ) => Promise<Executable> | Executable,
  claims: Partial<Adapter["capabilities"]> = {},
): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest: Adapter, planted) => {
    const { compileSync: _, ...through } = broken(honest, {});
    const kept = how();
    return {
      ...through,
      capabilities: { ...through.capabilities, ...claims },
      compile: async (program, weights) => {
        const compile = (): Promise<Executable> => through.compile(program, weights);
        return kept({ program, executable: await compile() }, () => fire(planted), compile);
      },
    };
  },
});

/** What a run gives, read at once and changed. */
async function changed(
  results: Record<string, DeviceTensor>,
  f: (results: Tensors) => Tensors,
): Promise<Record<string, DeviceTensor>> {
  const tensors: Tensors = {};
  for (const [name, result] of Object.entries(results)) tensors[name] = await result.read();
  const made = f(tensors);
  return Object.fromEntries(
    Object.entries(results).map(([name, { dtype, shape, dispose }]) => {
      const readSync = (): HostTensor => made[name]!;
      return [
        name,
        { dtype, shape, readSync, read: async () => readSync(), dispose: dispose.bind(results[name]) },
      ];
    }),
  );
}

const lengthsOf = ({ inputs }: Program): boolean => inputs.some(({ name }) => name.startsWith("lengths"));

/** What is kept from call to call, and taken for what it is not. */
export const plansAndCaches: readonly Fault[] = [
  fault(
    "plan-kept-by-the-count-of-numbers",
    "an input of as many numbers as one before, in another shape, is laid out as that one was",
    "tenstorrent/tt-metal#54138 and pytorch/TensorRT#3148: caches whose key leaves the shape out",
    {
      results: (results, { feeds, memory }) => {
        const given = first(feeds);
        if (!given) return results;
        const plans = (memory["plans"] ??= new Map<number, string>()) as Map<number, string>;
        const plan = plans.get(given.data.length) ?? given.shape.join();
        plans.set(given.data.length, plan);
        if (plan === given.shape.join()) return results;
        return changeElements((_, k, { data }) => data[data.length - 1 - k]!)(results);
      },
    },
  ),
  fault(
    "fifth-shape-has-no-plan",
    "an executable that has met four shapes gives half of what is true at the fifth",
    "NervanaSystems/ngraph#3827: plans in a cache of four",
    {
      results: (results, { feeds, memory }) => {
        const plans = setOf(memory, "plans");
        if (plans.size < 4) plans.add(shapesOf(feeds));
        return plans.has(shapesOf(feeds)) ? results : halved(results);
      },
    },
  ),
  fault(
    "plan-kept-by-steps-alone",
    "with as many steps as before and more rows, the rows past those of before are zero",
    "tensorflow/tensorflow#41832: the key of a descriptor lacked one of the sizes",
    {
      results: (results, { feeds, memory }) => {
        const given = first(feeds);
        if (!given || given.shape.length < 2) return results;
        const [steps, batch] = given.shape as [number, number];
        const plans = (memory["plans"] ??= new Map<number, number>()) as Map<number, number>;
        const rows = plans.get(steps) ?? batch;
        plans.set(steps, rows);
        return changeElements((value, k, { shape, data }) => {
          const axis = shape.length > 2 ? 1 : 0;
          if (shape[axis] !== batch) return value;
          const size = shape.slice(axis + 1).reduce((p, q) => p * q, 1);
          return data.length > 0 && Math.floor(k / size) % batch >= rows ? 0 : value;
        })(results);
      },
    },
  ),
  faultOfEngine(
    "lengths-kept-for-plain-calls",
    "a call without lengths ends its rows where those of the last call with lengths ended",
    "onnx/onnx-caffe2#187: sequence lengths that were left out stayed those that were set before",
    () => {
      let last: HostTensor | null = null;
      return ({ program, executable }, fired) => ({
        async run(feeds) {
          const own = Object.entries(feeds).find(([name]) => name.startsWith("lengths"));
          if (own && "data" in own[1]) last = { ...own[1], data: own[1].data.slice() } as HostTensor;
          const results = await executable.run(feeds);
          const kept = last;
          if (own || !kept || lengthsOf(program)) return results;
          return changed(results, (tensors) =>
            changeElements(
              (value, k, { shape }) => {
                if (shape.length < 3 || shape[1] !== kept.data.length) return value;
                const size = shape.slice(2).reduce((p, q) => p * q, 1);
                const [step, row] = [Math.floor(k / size / shape[1]), Math.floor(k / size) % shape[1]];
                if (step < kept.data[row]!) return value;
                fired();
                return 0;
              },
              (name) => !isState(name),
            )(tensors),
          );
        },
        dispose: () => executable.dispose(),
      });
    },
  ),
  faultOfEngine(
    "state-of-another-executable-is-zero",
    "a state that another executable left on the device is taken for zeros",
    "microsoft/onnxruntime#18742: values that are not refreshed between two runs",
    () => {
      const owners = new WeakMap<object, Executable>();
      return ({ executable }, fired) => ({
        async run(feeds) {
          const given = Object.fromEntries(
            Object.entries(feeds).map(([name, feed]) => {
              if ("data" in feed || !owners.has(feed) || owners.get(feed) === executable) return [name, feed];
              const { shape } = feed;
              fired();
              const data = new Float32Array(shape.reduce((p, q) => p * q, 1));
              return [name, { dtype: "float32", shape, data } as HostTensor];
            }),
          );
          const results = await executable.run(given);
          for (const result of Object.values(results)) owners.set(result, executable);
          return results;
        },
        dispose: () => executable.dispose(),
      });
    },
    // States of sequences stay where they are.
    { memory: "device" },
  ),
  faultOfEngine(
    "second-run-at-once-reads-the-first-input",
    "a run that is asked for while another is under way reads that one's input where it has the same shape",
    "NervanaSystems/ngraph#3827: two threads that call one function at once",
    () =>
      ({ executable }, fired) => {
        const under: Record<string, unknown>[] = [];
        return {
          async run(feeds) {
            const [other] = under as [typeof feeds | undefined];
            const given = Object.fromEntries(
              Object.entries(feeds).map(([name, feed]) => {
                const theirs = other?.[name];
                const fits = theirs && "data" in theirs && theirs.shape.join() === feed.shape.join();
                return [name, fits ? theirs : feed];
              }),
            );
            if (other && Object.keys(given).some((name) => given[name] !== feeds[name])) fired();
            under.push(feeds);
            try {
              await Promise.resolve();
              return await executable.run(given);
            } finally {
              under.splice(under.indexOf(feeds), 1);
            }
          },
          dispose: () => executable.dispose(),
        };
      },
  ),
  faultOfEngine(
    "run-after-a-failed-one-is-halved",
    "the run after one that failed gives half of what is true",
    "tensorflow/tensorflow#41630: a descriptor that an error leaves half set up",
    () =>
      ({ executable }, fired) => {
        let failed = false;
        return {
          async run(feeds) {
            const before = failed;
            try {
              const results = await executable.run(feeds);
              failed = false;
              if (before) fired();
              return before ? await changed(results, halved) : results;
            } catch (error) {
              failed = true;
              throw error;
            }
          },
          dispose: () => executable.dispose(),
        };
      },
  ),
  faultOfEngine(
    "weights-kept-by-program",
    "a second model of the same layers runs on the weights of the first, while that is there",
    "pytorch/TensorRT#3148: engines taken from a cache whose key lacks what differs",
    () => {
      const engines = new Map<string, Executable>();
      return ({ program, executable }, fired) => {
        const key = JSON.stringify(program);
        const known = engines.get(key);
        if (!known) engines.set(key, executable);
        return {
          run(feeds) {
            if (known && engines.get(key) === known) fired();
            return (known && engines.get(key) === known ? known : executable).run(feeds);
          },
          dispose() {
            if (engines.get(key) === executable) engines.delete(key);
            executable.dispose();
          },
        };
      };
    },
  ),
  faultOfEngine(
    "results-die-with-the-next-run",
    "a result that was not read before the next run of the same sizes gives that run's numbers",
    "outputs of a captured graph lie where the next replay writes",
    () =>
      ({ executable }, fired) => {
        const latest = new Map<string, { held: DeviceTensor }>();
        return {
          async run(feeds) {
            const results = await executable.run(feeds);
            return Object.fromEntries(
              Object.entries(results).map(([name, result]) => {
                const { dtype, shape } = result;
                const key = `${name} ${shape.join()}`;
                const slot = latest.get(key) ?? { held: result };
                latest.set(key, slot);
                slot.held = result;
                let disposed = false;
                const current = (): DeviceTensor => {
                  if (slot.held !== result) fired();
                  return disposed ? result : slot.held;
                };
                const readSync = (): HostTensor => current().readSync!();
                const dispose = (): void => {
                  disposed = true;
                  if (slot.held === result) result.dispose();
                };
                return [name, { dtype, shape, readSync, read: async () => readSync(), dispose }];
              }),
            );
          },
          dispose: () => executable.dispose(),
        };
      },
  ),
  fault(
    "one-step-after-many-is-halved",
    "a sequence of one step, after one of more, gives half of what is true",
    "FluxML/Flux.jl#811: a layer that has met a longer sequence keeps its form",
    {
      results: (results, { feeds, memory }) => {
        const given = first(feeds);
        const long = setOf(memory, "long");
        if (!given || given.shape.length < 3) return results;
        if (given.shape[0]! > 1) long.add("met");
        return given.shape[0] === 1 && long.size > 0 ? halved(results) : results;
      },
    },
  ),
];
