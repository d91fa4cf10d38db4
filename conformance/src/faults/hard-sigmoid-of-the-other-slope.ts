import { changeAttrs, fault } from "./break.js";

export const hardSigmoidOfTheOtherSlope = fault(
  "hard-sigmoid-of-the-other-slope",
  "the hard sigmoid has slope 1/5 where it should have 1/6, and the other way round",
  "Keras 3 loads files of Keras 2 with another slope",
  {
    program: changeAttrs((attrs) =>
      Object.fromEntries(
        Object.entries(attrs).map(([name, value]) => [
          name,
          value === "hardSigmoidSixth"
            ? "hardSigmoidFifth"
            : value === "hardSigmoidFifth"
              ? "hardSigmoidSixth"
              : value,
        ]),
      ),
    ),
  },
);
