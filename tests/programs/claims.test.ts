import { describe, expect, it } from "vitest";
import type { CompositeDefinition } from "../../packages/api/src/program/composite-definition.js";
import { composites } from "../../packages/api/src/layers/composites.js";
import { variants } from "../engines.js";

// A node with a name that the definitions don't have is not checked, so no engine may take one.
const claiming = Object.entries(variants).filter(
  ([, engine]) => Object.keys(engine().capabilities.composites).length > 0,
);
describe.each(claiming)("%s", (_name, engine) => {
  it.each(Object.entries(engine().capabilities.composites))(
    "claims %s with inputs and attributes of its definition alone",
    (op, { inputs, attrs = {} }) => {
      expect(Object.keys(composites)).toContain(op);
      const definition: CompositeDefinition = composites[op as keyof typeof composites];
      for (const [name, dtype] of Object.entries(inputs))
        expect([name, definition.inputs[name]?.dtype]).toEqual([name, dtype]);
      expect(Object.keys(definition.attrs)).toEqual(expect.arrayContaining(Object.keys(attrs)));
    },
  );
});
