import { assertFits } from "../contract/limits.js";
import { allocate, type HostTensor } from "../contract/tensor.js";

/** Labels that were decoded. */
export interface CtcDecoded {
  /** int32 [paths, batch, time]: the labels of each path from the front, -1 after its last. */
  readonly labels: HostTensor<"int32">;
  /** int32 [paths, batch]: how many labels each path has. */
  readonly lengths: HostTensor<"int32">;
  /** float32 [batch, paths]: what the path is judged by; each decoder says what that is. */
  readonly scores: HostTensor<"float32">;
}

/** Labels as they are found. */
export interface Decoding {
  readonly decoded: CtcDecoded;
  /** Notes one path of a row. */
  put(row: number, path: number, labels: readonly number[], score: number): void;
}

/** Room for so many paths of each row: without labels, and judged by `score`, until something is put. */
export function decoding(
  place: string,
  { batch, time }: { readonly batch: number; readonly time: number },
  paths: number,
  score: number,
): Decoding {
  assertFits("UNROLL_ARGUMENT", place, [paths, batch, time]);
  const labels = allocate("int32", paths * batch * time).fill(-1);
  const lengths = allocate("int32", paths * batch);
  const scores = allocate("float32", batch * paths).fill(score);
  return {
    decoded: {
      labels: { dtype: "int32", shape: [paths, batch, time], data: labels },
      lengths: { dtype: "int32", shape: [paths, batch], data: lengths },
      scores: { dtype: "float32", shape: [batch, paths], data: scores },
    },
    put(row, path, own, judged) {
      labels.set(own, (path * batch + row) * time);
      lengths[path * batch + row] = own.length;
      scores[row * paths + path] = judged;
    },
  };
}
