/** What model a configuration of Keras or TensorFlow.js is, in short. */
export interface ConfiguredModel {
  /** Its class: `Sequential`, `Functional`. */
  readonly kind: string;
  readonly name: string;
  /** Its layers in the order of the file. */
  readonly layers: readonly { readonly kind: string; readonly name: string }[];
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

const text = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

/**
 * Looks into a configuration without believing it: of what is missing or of another kind it says `?`.
 *
 * @param configuration as `model.to_json()` of Keras writes it; TensorFlow.js has it within `model_config`
 */
export function configuredModel(configuration: unknown): ConfiguredModel {
  const model = field(configuration, "model_config") ?? configuration;
  const config = field(model, "config");
  // Keras before 2.3 had the list of layers itself in a Sequential.
  const layers = Array.isArray(config) ? (config as unknown[]) : field(config, "layers");
  return {
    kind: text(field(model, "class_name"), "?"),
    name: text(field(config, "name"), "?"),
    layers: (Array.isArray(layers) ? (layers as unknown[]) : []).map((layer) => ({
      kind: text(field(layer, "class_name"), "?"),
      name: text(field(field(layer, "config"), "name"), text(field(layer, "name"), "?")),
    })),
  };
}
