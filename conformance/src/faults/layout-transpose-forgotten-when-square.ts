import { layoutFault, transposed } from "./break-layout.js";

export const layoutTransposeForgottenWhenSquare = layoutFault(
  "layout-transpose-forgotten-when-square",
  "a square matrix is read without the transpose it was written with",
  "a shape check that stands in for knowing the layout",
  (honest) => ({
    ...honest,
    from: (spec, named) =>
      honest.from(
        spec,
        Object.fromEntries(
          Object.entries(named).map(([name, weight]) => [
            name,
            weight.shape.length === 2 && weight.shape[0] === weight.shape[1] ? transposed(weight) : weight,
          ]),
        ),
      ),
  }),
);
