import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { shown } from "../contract/shown.js";

/** A configuration as a JSON file has it. */
export type Config = Readonly<Record<string, unknown>>;

/** Refuses what a file says. */
export function refuseConfig(
  place: string,
  expected: string,
  got: unknown,
  cure: string,
  code: "UNROLL_FORMAT" | "UNROLL_UNSUPPORTED" = "UNROLL_FORMAT",
): never {
  throw unrollError({ code, place, expected, got: typeof got === "string" ? got : shown(got), cure });
}

/** An object of a file. @throws UNROLL_FORMAT for anything else */
export function recordOf(place: string, value: unknown): Config {
  return isRecord(value) ? value : refuseConfig(place, "an object", value, "give what to_json() wrote");
}

/** A list of a file. @throws UNROLL_FORMAT for anything else */
export function listOf(place: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuseConfig(place, "a list", value, "give what to_json() wrote");
}

/** A name of a file. @throws UNROLL_FORMAT for anything else */
export function nameIn(place: string, value: unknown): string {
  return typeof value === "string"
    ? value
    : refuseConfig(place, "a name", value, "give what to_json() wrote");
}

/** A layer of a file for people: its class, and its name, whatever that is. */
export const titleOf = (className: string, name: unknown): string => `${className} ${shown(name)}`;

/** `return_sequences` as it is written here: `returnSequences`. */
export const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * What of a configuration has but one value here, by Keras's name, with what it would be otherwise. Null and
 * the value itself are taken.
 */
const fixed: Readonly<Record<string, readonly [value: unknown, cure: string]>> = {
  renorm: [false, "its statistics are weights of their own; fold them into the others"],
  rms_scaling: [false, "use RMSNormalization"],
  use_gate: [false, "there is no gated attention here"],
  sliding_window: [null, "multiHeadAttention of the core has `window`"],
  lora_rank: [null, "merge the low-rank weights into the kernel first"],
  quantization_config: [null, "save the model before it is quantised"],
  time_major: [false, "transpose the input"],
  virtual_batch_size: [null, "it is training's"],
  adjustment: [null, "it is training's"],
  sparse: [false, "every input is a whole tensor"],
  ragged: [false, "every input is a whole tensor; pad, and mask"],
  optional: [false, "every input has to be given"],
  weights: [null, "set them on the model"],
};

/** What matters to training alone and has no option here: Keras 3 has its default of it. */
const dropped: readonly string[] = [
  ...["renorm_clipping", "renorm_momentum", "lora_alpha", "autocast", "attention_axes"],
];

/** Options whose null is no default, but a value. */
const nullable: readonly string[] = ["activation", "recurrent_activation", "merge_mode"];

/** The name of a dtype of a file, which is that name or Keras 3's policy. */
export const dtypeName = (dtype: unknown): unknown =>
  isRecord(dtype) && isRecord(dtype["config"]) ? dtype["config"]["name"] : dtype;

/** Refuses a dtype of a file other than float32. */
function checkDtype(place: string, dtype: unknown): void {
  const name = dtypeName(dtype);
  if (name !== "float32" && (name ?? null) !== null)
    refuseConfig(
      `${place} dtype`,
      "float32",
      name,
      "numbers are float32 here; set its dtype policy to float32 and save it again",
      "UNROLL_UNSUPPORTED",
    );
}

/** An activation of a file: a name, or Keras's record of a function, by its name. */
export function activationIn(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { config, class_name: className, registered_name: registered } = value;
  return typeof config === "string" ? config : (registered ?? className ?? value);
}

/**
 * Options of a layer as it is made here, of its configuration: every one is passed on, whose layer knows it
 * or refuses it by name, but for those that have a single value, and for Keras's records of its own.
 *
 * @throws UNROLL_UNSUPPORTED for a value that there is no other of
 */
export function optionsIn(place: string, config: Config): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key === "dtype") checkDtype(place, value);
    else if (Object.hasOwn(fixed, key)) {
      const [only, cure] = fixed[key]!;
      if (value !== null && value !== only)
        refuseConfig(`${place} ${key}`, shown(only), value, cure, "UNROLL_UNSUPPORTED");
    } else if (dropped.includes(key)) {
      // Attention over the steps, which axis 1 is, is what there is.
      if (key === "attention_axes" && value !== null && shown([value].flat()) !== "[1]")
        refuseConfig(`${place} ${key}`, "[1]", value, "attention is along time", "UNROLL_UNSUPPORTED");
    } else if (key === "axis" && Array.isArray(value) && value.length === 1) {
      options[key] = value[0] as unknown;
    } else if (/activation$/.test(key)) options[camel(key)] = activationIn(value);
    else if (value !== null || nullable.includes(key)) options[camel(key)] = value;
  }
  return options;
}
