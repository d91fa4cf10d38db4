import type { Dim } from "../../contract/program.js";
import { type Call, expectDType, type PrimitiveRecord, refuseShape, show } from "./primitive.js";

/** Rows by their indices: looked up, and added to. */
export const rows = {
  /** Rows of `table` (its first axis) at `indices`; an index outside is undefined, so callers check. */
  gather: {
    operands: ["table", "indices"],
    attrs: {},
    along: () => [[0], []],
    infer([table, indices], _attrs, place) {
      expectDType(place, indices!, ["int32"]);
      return { dtype: table!.dtype, shape: [...indices!.shape, ...table!.shape.slice(1)] };
    },
    call: <V>(table: V, indices: V): Call<V> => [[table, indices]],
  },
  /**
   * Zeros of the shape of `like`, each row of `updates` added to the row (first axis) at its index: what
   * gather is the transpose of; the values of `like` are not read, an index outside is undefined.
   */
  scatterAdd: {
    operands: ["updates", "indices", "like"],
    attrs: {},
    shapeOnly: [2],
    along: ([, indices]) => {
      const all = indices!.shape.map((_, k) => k);
      return [all, all, [0]];
    },
    infer([updates, indices, like], _attrs, place) {
      expectDType(place, updates!, ["float32"]);
      expectDType(place, indices!, ["int32"]);
      const wanted: readonly Dim[] = [...indices!.shape, ...like!.shape.slice(1)];
      if (updates!.shape.length !== wanted.length || updates!.shape.some((dim, k) => dim !== wanted[k]))
        refuseShape(
          place,
          `updates [${wanted.join(", ")}], a row for each index`,
          show(updates!),
          "the axes after those of the indices are a row's",
        );
      return { dtype: "float32", shape: like!.shape };
    },
    call: <V>(updates: V, indices: V, like: V): Call<V> => [[updates, indices, like]],
  },
} satisfies Readonly<Record<string, PrimitiveRecord>>;
