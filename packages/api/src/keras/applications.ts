import { KerasTensor, type LayerCall, type NestedCall } from "./layer.js";
import { type Operation, outermost, partOf } from "./layer-order.js";
import type { Network } from "./network.js";

/** Where a value comes from, as Keras says it: which layer, which time that was applied, which output. */
export type History = readonly [name: string, application: number, output: number];

/** The times that layers and models within were applied in a model. */
export interface Applications {
  /** Those of one layer, in order; none of an input. */
  of(part: Operation): readonly (LayerCall | NestedCall)[];
  /** Where a value comes from. */
  history(tensor: KerasTensor): History;
}

/** Gathers them. */
export function applicationsOf({ calls, order }: Network): Applications {
  const found = new Map<Operation, (LayerCall | NestedCall)[]>();
  const names = new Map<Operation, string>(order.map(({ part, name }) => [part, name]));
  for (const call of calls.keys()) {
    const outer = outermost(call);
    const own = found.get(partOf(outer)) ?? [];
    if (!own.includes(outer)) own.push(outer);
    found.set(partOf(outer), own);
  }
  const of = (part: Operation): readonly (LayerCall | NestedCall)[] => found.get(part) ?? [];
  return {
    of,
    history(tensor) {
      if (tensor.source === null) return [names.get(tensor)!, 0, 0];
      const outer = outermost(tensor.source);
      const part = partOf(outer);
      return [names.get(part)!, of(part).indexOf(outer), outer.outputs.indexOf(tensor)];
    },
  };
}
