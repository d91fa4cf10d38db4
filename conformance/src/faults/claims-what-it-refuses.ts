import { unrollError } from "@unroll/api";
import { broken, type Fault, recurrentOf } from "./break.js";

export const claimsWhatItRefuses: Fault = {
  id: "claims-what-it-refuses",
  title: "a GRU is claimed, and refused when it comes",
  seen: "tfjs GRUCell throws for reset_after when it is built",
  breakEngine: (honest) => {
    const through = broken(honest, {});
    return {
      ...through,
      async compile(program, weights) {
        if (program.nodes.some((node) => recurrentOf(node) && node.op.startsWith("gru")))
          throw unrollError({
            code: "UNROLL_UNSUPPORTED",
            place: "faulty",
            expected: "no GRU",
            got: `program "${program.name}"`,
            cure: "choose another engine",
          });
        return through.compile(program, weights);
      },
    };
  },
};
