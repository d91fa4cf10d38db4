import type { HostTensor } from "@unroll/api";
import type { DeviceTensor } from "@unroll/api/adapter";
import { broken, fault, type Fault, fire } from "./planting/fault.js";

const fromTheStart = (feed: HostTensor): HostTensor =>
  feed.dtype === "float32" && feed.data.byteOffset > 0
    ? ({ ...feed, data: new Float32Array(feed.data.buffer, 0, feed.data.length) } as HostTensor)
    : feed;

/** How an engine reads the memory that it is fed from. */
export const feeds: readonly Fault[] = [
  fault(
    "byte-offset-ignored",
    "a feed that is a view is read from the start of its buffer",
    "an array's `buffer` handed to a library without its `byteOffset`",
    {
      feeds: (given) =>
        Object.fromEntries(Object.entries(given).map(([name, feed]) => [name, fromTheStart(feed)])),
    },
  ),
  {
    id: "feeds-read-late",
    title: "what a run was fed is read when its results are",
    seen: "a lazy engine that keeps references to the arrays it is given",
    breakEngine: (honest, planted) => {
      const through = broken(honest, {});
      return {
        ...through,
        async compile(program, weights) {
          const executable = await through.compile(program, weights);
          return {
            async run(given) {
              const results = await executable.run(given);
              // Of feeds on a device it holds the values, so that only host memory is read late.
              if (Object.values(given).some((feed) => !("data" in feed))) return results;
              const late = (name: string): DeviceTensor => {
                const { dtype, shape } = results[name]!;
                const read = async (): Promise<HostTensor> => {
                  fire(planted);
                  return (await executable.run(given))[name]!.read();
                };
                // The core may feed it again, so that reading it at once is right.
                const readSync = (): HostTensor => results[name]!.readSync!();
                return { dtype, shape, read, readSync, dispose: () => results[name]!.dispose() };
              };
              return Object.fromEntries(Object.keys(results).map((name) => [name, late(name)]));
            },
            dispose: () => executable.dispose(),
          };
        },
      };
    },
  },
];
