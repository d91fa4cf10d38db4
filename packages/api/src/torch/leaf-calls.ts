import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { Attributes } from "./attributes.js";
import { callLeaf, formsOf, hasForm, type Leaf, type LeafCall, type LeafPlan, planOf } from "./leaf.js";
import { PackedSequence } from "./packed.js";
import { Tensor } from "./tensor/tensor.js";
import { signatureOf, sizesOf } from "./trace.js";

/** Calls of a module of PyTorch's own as one operation, described once for each form of arguments. */
export class LeafCalls {
  readonly #owner: object;
  readonly #weights: Pick<Leaf, "version" | "weights">;
  readonly #plans = new Map<string, LeafPlan>();
  /** Its own attributes, which a call as one operation depends on. */
  readonly #options = new Attributes();
  /** The last call: most are followed by one of the same form. */
  #last: {
    readonly method: string;
    readonly options: readonly unknown[];
    readonly forms: readonly unknown[];
    readonly again: NonNullable<LeafCall["again"]>;
  } | null = null;

  /**
   * @param owner the module
   * @param weights its own weights, and which values they have now
   */
  constructor(owner: object, weights: Pick<Leaf, "version" | "weights">) {
    this.#owner = owner;
    this.#weights = weights;
  }

  /** Applies a method, which describes the module. @throws UNROLL_ARGUMENT for what is no tensor */
  call(method: string, tensors: readonly unknown[]): unknown {
    const owner = this.#owner;
    const [first] = tensors;
    if (!(first instanceof Tensor || first instanceof PackedSequence))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: owner.constructor.name,
        expected: "a tensor",
        got: shown(first),
        cure: "tensor(values) makes one",
      });
    const options = Object.values(owner) as readonly unknown[];
    const last = this.#last;
    const same = last?.method === method && last.options.every((one, k) => Object.is(one, options[k]));
    if (same && last.options.length === options.length && last.forms.length === tensors.length)
      if (last.forms.every((form, k) => hasForm(tensors[k], form))) return last.again(tensors);
    const forms = tensors.map(formsOf);
    const key = `${method} ${signatureOf(forms)} ${sizesOf(forms)} ${this.#options.of([["", owner]])}`;
    const leaf = this.#leaf(method);
    let plan = this.#plans.get(key);
    if (!plan) {
      plan = planOf(leaf, forms);
      this.#plans.set(key, plan);
    }
    const { result, again } = callLeaf(leaf, plan, key, tensors);
    this.#last = again && { method, options, forms, again };
    return result;
  }

  #leaf(method: string): Leaf {
    const owner = this.#owner;
    return {
      ...this.#weights,
      owner,
      name: owner.constructor.name,
      forward: (...inputs: never[]) =>
        (owner as Record<string, (...of: never[]) => unknown>)[method]!(...inputs),
    };
  }
}
