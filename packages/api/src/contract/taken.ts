import { allocate, type HostTensor } from "./tensor.js";

/**
 * A caller's tensor as it is now, in memory of its own: what is given is taken, and whoever gave it may write
 * into it, reuse it or transfer it away as soon as the call returns.
 *
 * Not by the array's own `slice`: that of a Node `Buffer` is another view of the same bytes.
 */
export function taken({ dtype, shape, data: given }: HostTensor): HostTensor {
  const data = allocate(dtype, given.length);
  data.set(given);
  return { dtype, shape: [...shape], data };
}
