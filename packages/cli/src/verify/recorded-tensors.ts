import { type HostTensor, unrollError } from "@unroll/api";
import { type NamedTensor, toFloat32 } from "@unroll/api/weights";
import type { Float64Tensor } from "@unroll/conformance";

export type Floats = HostTensor<"float32">;

/** The tensors of a case's file, looked up by name. What is missing or of another type is UNROLL_FORMAT. */
export interface RecordedTensors {
  has(name: string): boolean;
  /** As stored. */
  stored(name: string): NamedTensor;
  floats(name: string): Floats;
  /** A recorded result, which is always of type F64. */
  result(name: string): Float64Tensor;
  /** Those that `wanted` picks, by name. */
  named(wanted: (name: string) => boolean): Record<string, NamedTensor>;
}

/** @param place the case, as errors name it */
export function recordedTensors(
  place: string,
  tensors: Readonly<Record<string, NamedTensor>>,
): RecordedTensors {
  const byName = new Map(Object.entries(tensors));
  const found = (name: string, allowed: (one: NamedTensor) => boolean, type = ""): NamedTensor => {
    const one = byName.get(name);
    if (one && allowed(one)) return one;
    throw unrollError({
      code: "UNROLL_FORMAT",
      place,
      expected: `tensor "${name}"${type}`,
      got: one ? one.dtype : "none in its file",
      cure: "record the case again",
      details: { name },
    });
  };
  const stored = (name: string): NamedTensor => found(name, () => true);
  return {
    has: (name) => byName.has(name),
    stored,
    floats: (name) => toFloat32(stored(name), `${place} tensor "${name}"`),
    result(name) {
      const { shape, data } = found(name, ({ dtype }) => dtype === "F64", " of type F64");
      return { shape, data: data as Float64Array };
    },
    named: (wanted) => Object.fromEntries([...byName].filter(([name]) => wanted(name))),
  };
}
