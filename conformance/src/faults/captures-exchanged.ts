import { changeScans, fault } from "./break.js";

export const capturesExchanged = fault(
  "captures-exchanged",
  "two weights of one shape reach a loop's body in each other's place",
  "captured values bound by shape, or in the order of a set",
  changeScans((scan) => {
    const first = scan.carries + scan.sequences;
    const shapes = scan.body.inputs.map(({ type }) => JSON.stringify(type));
    const inputs = [...scan.inputs];
    const pair = shapes.flatMap((shape, a) =>
      a < first
        ? []
        : shapes.flatMap((other, b) =>
            b > a && shape === other && inputs[a] !== inputs[b] ? [[a, b] as const] : [],
          ),
    )[0];
    if (pair) [inputs[pair[0]], inputs[pair[1]]] = [inputs[pair[1]]!, inputs[pair[0]]!];
    return { ...scan, inputs };
  }),
);
