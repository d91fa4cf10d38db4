import { type Program, type Region, unrollError, type UnrollError, type ValueId } from "@unroll/api/adapter";

/** The largest integer up to which half a float, a number of textures on many phones, holds every one. */
export const LARGEST_HALF = 2048;

const refusal = (place: string, got: string, details: Readonly<Record<string, unknown>>): UnrollError =>
  unrollError({
    code: "UNROLL_UNSUPPORTED",
    place,
    expected: `integers up to ${LARGEST_HALF}, which is what textures of 16 bits hold exactly`,
    got,
    cure: 'choose another backend: "wasm" and "cpu" hold all of them',
    details: { largest: LARGEST_HALF, ...details },
  });

/** Refuses tables whose ids textures of 16 bits would change without a word. @throws UNROLL_UNSUPPORTED */
export function assertTablesHeld({ name, params, inputs, nodes }: Program): void {
  const rows = new Map<ValueId, number>();
  const look = (region: Pick<Region, "inputs" | "nodes">): void => {
    for (const { id, type } of region.inputs) rows.set(id, Number(type.shape[0]));
    for (const node of region.nodes) {
      if (node.kind === "scan") look(node.body);
      else if (node.op === "gather" && rows.get(node.inputs[0]!)! > LARGEST_HALF + 1)
        throw refusal(`program "${name}"`, `a table of ${rows.get(node.inputs[0]!)} rows`, { program: name });
      for (const { id, type } of node.outputs) rows.set(id, Number(type.shape[0]));
    }
  };
  look({ inputs: [...params, ...inputs], nodes });
}

/** Refuses integers that textures of 16 bits would change. @throws UNROLL_UNSUPPORTED */
export function assertIntegersHeld(
  place: string,
  { dtype, data }: { readonly dtype: string; readonly data: ArrayLike<number> },
): void {
  if (dtype !== "int32") return;
  const beyond = Array.from(data).find((value) => Math.abs(value) > LARGEST_HALF);
  if (beyond !== undefined) throw refusal(place, `${beyond}`, { value: beyond });
}

/** Refuses an axis whose places are counted as integers and are too many. @throws UNROLL_UNSUPPORTED */
export function assertPlacesHeld(place: string, size: number): void {
  if (size > LARGEST_HALF + 1) throw refusal(place, `an axis of ${size}`, { size });
}
