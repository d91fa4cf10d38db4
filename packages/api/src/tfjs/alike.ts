import { unrollError } from "../contract/error.js";
import { applicationsOf } from "../keras/applications.js";
import type { Config } from "../keras/config-options.js";
import type { KerasModel } from "../keras/keras-model.js";
import { KerasTensor } from "../keras/layer.js";
import type { Network } from "../keras/network.js";
import type { LayerSpec, Spec } from "../specification/types.js";

const shownNumber = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
const textOf = (value: unknown): string => JSON.stringify(value, shownNumber) ?? "nothing";

function refuse(what: string, here: string, there: string): never {
  throw unrollError({
    code: "UNROLL_UNSUPPORTED",
    place: `toJson ${what}`,
    expected: "what TensorFlow.js computes alike",
    got: `${here}, where it has ${there}`,
    cure: "choose options that both have, or write the model for another system",
  });
}

/** Options that nothing comes of where nothing is masked. */
const ofMasks = (layer: LayerSpec, option: string): boolean =>
  ["maskedOutput", "heldStart"].includes(option) || (layer.type === "reduceTime" && option === "padding");

function assertSame(own: Spec, other: Spec, masked: boolean): void {
  const theirs = new Map(other.layers.map((layer) => [layer.name, layer as unknown as Config]));
  for (const layer of own.layers) {
    const mine = layer as unknown as Config;
    const its = theirs.get(layer.name) ?? refuse(`"${layer.name}"`, layer.type, "no such layer");
    for (const key of new Set([...Object.keys(mine), ...Object.keys(its)]))
      if ((masked || !ofMasks(layer, key)) && textOf(mine[key]) !== textOf(its[key]))
        refuse(`"${layer.name}"`, `${key} ${textOf(mine[key])}`, textOf(its[key]));
  }
  const around = ({ inputs, outputs, layers }: Spec): string => textOf([inputs, outputs, layers.length]);
  if (around(own) !== around(other)) refuse(`"${own.name}"`, around(own), around(other));
}

/** Layers that read a mask, in a model and those within it. */
interface Masks {
  /** Whether any layer has one. */
  readonly some: boolean;
  /** The first layer that would look at a mask and has none. */
  readonly without: string | null;
}

const recurrent: readonly string[] = [
  "simple_rnn",
  "lstm",
  "gru",
  "rnn",
  "bidirectional",
  "time_distributed",
];

function masksIn(network: Network): Masks {
  const applications = applicationsOf(network);
  let [some, without]: [boolean, string | null] = [false, null];
  for (const { part, name } of network.order) {
    if (part instanceof KerasTensor) continue;
    for (const call of applications.of(part))
      if ("layer" in call) {
        const has = call.masks.some((mask) => mask !== null);
        some ||= has;
        if (!has && recurrent.includes(call.layer.kind)) without ??= name;
      } else {
        const inner = masksIn((part as unknown as KerasModel).config().network);
        some ||= inner.some;
        without ??= inner.without;
      }
  }
  return { some, without };
}

/**
 * TensorFlow.js 4.22 hands a mask on to every layer that runs later and has none of its own
 * (`engine/executor.ts` keeps it in the arguments of the next call).
 */
function refuseStaleMask({ without }: Masks): void {
  if (without !== null)
    refuse(`"${without}"`, "no mask", "that of another layer, handed on to those without");
}

/**
 * Holds a model against what TensorFlow.js makes of its JSON, by what that comes to of its own layers here,
 * whose numbers are compared with it.
 *
 * @throws UNROLL_UNSUPPORTED naming the layer, and the option that differs
 */
export function assertAlike(model: KerasModel, there: KerasModel): void {
  const masks = masksIn(model.config().network);
  assertSame(model.spec, there.spec, masks.some);
  if (masks.some) refuseStaleMask(masks);
}
