import { changeScans, fault } from "./break.js";

export const outputIsTheFirstCarry = fault(
  "output-is-the-first-carry",
  "a loop puts out its first state part, whatever the cell puts out",
  "Keras on JAX and NumPy, which take states[0] for the output",
  changeScans((scan) => {
    const typeOf = (k: number): string =>
      JSON.stringify(k < scan.carries ? scan.outputs[k]!.type.shape : scan.outputs[k]!.type.shape.slice(1));
    return {
      ...scan,
      body: {
        ...scan.body,
        outputs: scan.body.outputs.map((id, k) =>
          k >= scan.carries && typeOf(k) === typeOf(0) ? scan.body.outputs[0]! : id,
        ),
      },
    };
  }),
);
