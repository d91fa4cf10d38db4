import { isRecord } from "../contract/kind.js";
import { type Config, listOf, nameIn, recordOf, refuseConfig } from "./config-options.js";

/** A value of a graph: which layer, which time that was applied, which output. */
export class Ref {
  constructor(
    readonly layer: string,
    readonly application: number,
    readonly output: number,
  ) {}
}

/** One application of a layer, as a file has it. */
export interface ConfigNode {
  /** What it is called with, in order; values of the graph are {@link Ref}. */
  readonly args: readonly unknown[];
  /** What it is called with by name. */
  readonly keywords: Config;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** Whether something is a reference as Keras 2 writes it: [layer, application, output]. */
const isTriple = (value: unknown): value is readonly [string, number, number] =>
  Array.isArray(value) &&
  value.length === 3 &&
  typeof value[0] === "string" &&
  isCount(value[1]) &&
  isCount(value[2]);

/** Puts a {@link Ref} in the place of what stands for a value of the graph. */
function resolved(value: unknown, legacy: boolean): unknown {
  if (legacy && isTriple(value)) return new Ref(...value);
  if (Array.isArray(value)) return value.map((one) => resolved(one, legacy));
  if (!isRecord(value)) return value;
  const { class_name: className, config } = value;
  if (className !== "__keras_tensor__" || !isRecord(config)) return value;
  const history = config["keras_history"];
  return isTriple(history)
    ? new Ref(...history)
    : refuseConfig("modelFromJson keras_history", "[layer, application, output]", history, "save it again");
}

/**
 * The applications of a layer: those of Keras 3 by arguments, those of Keras 2 and TensorFlow.js as
 * lists.
 */
export function nodesIn(place: string, value: unknown): readonly ConfigNode[] {
  return listOf(`${place} inbound_nodes`, value ?? []).map((node) => {
    if (isRecord(node))
      return {
        args: listOf(`${place} args`, resolved(node["args"] ?? [], false)),
        keywords: recordOf(`${place} kwargs`, fromEntries(node["kwargs"] ?? {}, false)),
      };
    const list = listOf(`${place} inbound_nodes`, node).map((one) => {
      const [layer, application, output, keywords] = listOf(`${place} inbound_nodes`, one);
      if (!isTriple([layer, application, output]))
        refuseConfig(`${place} inbound_nodes`, "[layer, application, output]", one, "save it again");
      return [new Ref(layer as string, application as number, output as number), keywords ?? {}] as const;
    });
    const inputs = list.map(([ref]) => ref);
    return {
      args: [inputs.length === 1 ? inputs[0] : inputs],
      keywords: Object.assign(
        Object.create(null) as Record<string, unknown>,
        ...list.map(([, keywords]) => recordOf(`${place} inbound_nodes`, fromEntries(keywords, true))),
      ) as Config,
    };
  });
}

const fromEntries = (value: unknown, legacy: boolean): unknown =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one, legacy)]))
    : value;

/** The values of the graph that a node reads. */
export const refsIn = ({ args, keywords }: ConfigNode): readonly Ref[] =>
  [...args, ...Object.values(keywords)].flat(8).filter((one): one is Ref => one instanceof Ref);

/** References to a model's inputs or outputs, however they are nested in lists. */
export function endsIn(place: string, value: unknown): readonly Ref[] {
  if (isTriple(value)) return [new Ref(...value)];
  if (isRecord(value))
    refuseConfig(
      place,
      "a list",
      `named ones, ${Object.keys(value).join(", ")}`,
      "build the model with lists of inputs and outputs",
      "UNROLL_UNSUPPORTED",
    );
  return listOf(place, value).flatMap((one) => endsIn(place, one));
}

/** A name that a file's object goes by: its own, or that of its configuration. */
export const nameOf = (place: string, object: Config): string =>
  nameIn(`${place} name`, object["name"] ?? recordOf(place, object["config"])["name"]);
