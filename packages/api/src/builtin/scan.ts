import type { ScanBinder } from "./operation.js";
import type { Slot, Step } from "./slot.js";
import type { ValueId } from "../contract/program.js";

/** Folds the body over time, element by element. */
export const bindScan: ScanBinder = (node, ins, steps, plan) => {
  const { body, carries, sequences, reverse } = node;
  const slots = new Map<ValueId, Slot>();
  // Before the body, so that no memory which the body gives back half-way becomes a place for results.
  const outs = node.outputs.map(({ type }) => plan.leased(type));
  // Carries and elements are overwritten at each step and read all through it, so they are outside the
  // pool.
  const own = body.inputs.map(({ id, type }, k) => {
    const slot = k < carries + sequences ? plan.fresh(type) : ins[k]!;
    slots.set(id, slot);
    return slot.data;
  });
  const inner: Step[] = [];
  const results = plan.region(body, slots, inner).map((slot) => slot.data);
  const time = ins[carries]!.shape[0]!;
  const from = ins.map((slot) => slot.data);
  const to = outs.map((slot) => slot.data);
  // A carry that the body hands on from another carry is set aside first, as its place may be overwritten
  // before.
  const next = results
    .slice(0, carries)
    .map((data, k) => (own.indexOf(data) >= 0 && own.indexOf(data) !== k ? data.slice() : data));
  steps.push(() => {
    for (let k = 0; k < carries; k++) own[k]!.set(from[k]!);
    for (let step = 0; step < time; step++) {
      const t = reverse ? time - 1 - step : step;
      for (let k = carries; k < carries + sequences; k++) {
        const [element, sequence] = [own[k]!, from[k]!];
        const at = t * element.length;
        for (let j = 0; j < element.length; j++) element[j] = sequence[at + j]!;
      }
      for (let k = 0; k < inner.length; k++) inner[k]!();
      for (let k = carries; k < results.length; k++) to[k]!.set(results[k]!, t * results[k]!.length);
      for (let k = 0; k < carries; k++) if (next[k] !== results[k]) next[k]!.set(results[k]!);
      for (let k = 0; k < carries; k++) own[k]!.set(next[k]!);
    }
    for (let k = 0; k < carries; k++) to[k]!.set(own[k]!);
  });
  return outs;
};
