import { broken, type Fault } from "./break.js";

export const aLeakPerStep: Fault = {
  id: "a-leak-per-step",
  title: "every run leaves one more object behind",
  seen: "TensorFlow.js outside of tidy",
  breakEngine: (honest, alive) =>
    broken(honest, {
      results: (results) => {
        alive.count++;
        return results;
      },
    }),
};
