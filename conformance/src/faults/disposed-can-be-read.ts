import { broken, type Fault } from "./break.js";

export const disposedCanBeRead: Fault = {
  id: "disposed-can-be-read",
  title: "a result can still be read after its dispose",
  seen: "freed memory that the next run takes over, in any engine with a pool",
  breakEngine: (honest) => {
    const through = broken(honest, {});
    return {
      ...through,
      async compile(program, weights) {
        const executable = await through.compile(program, weights);
        return {
          async run(feeds) {
            const results = await executable.run(feeds);
            const read = await Promise.all(
              Object.entries(results).map(
                async ([name, result]) => [name, result, await result.read()] as const,
              ),
            );
            return Object.fromEntries(
              read.map(([name, { dtype, shape }, held]) => [
                name,
                { dtype, shape, readSync: () => held, read: async () => held, dispose: () => undefined },
              ]),
            );
          },
          dispose: () => executable.dispose(),
        };
      },
    };
  },
};
