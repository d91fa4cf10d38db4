import { unrollError } from "@unroll/api";
import { type KerasModel, layers, sequential } from "@unroll/api/keras";
import type { RecordedTensors } from "../recorded-tensors.js";
import type { HeldStart, KerasEntry } from "./keras-entry.js";

type Maker = typeof layers.lstm;

const makers = new Map<string, Maker>([
  ["SimpleRNN", layers.simpleRnn as Maker],
  ["LSTM", layers.lstm],
  ["GRU", layers.gru as Maker],
]);

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * A model of the port that is the recorded layer, with its weights.
 *
 * @throws UNROLL_UNSUPPORTED for another layer
 */
export function kerasModel(
  entry: KerasEntry,
  heldStart: HeldStart,
  tensors: RecordedTensors,
  place: string,
): KerasModel {
  const maker = makers.get(entry.layer);
  if (!maker)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: [...makers.keys()].join(", "),
      got: entry.layer,
      cure: "record its parts one by one",
      details: { layer: entry.layer },
    });
  const config = Object.entries(entry.config).map(([key, value]) => [camel(key), value] as const);
  const layer = maker({
    ...Object.fromEntries(config),
    units: entry.config.units,
    heldStart,
    inputShape: [null, entry.features],
  } as Parameters<Maker>[0]);
  const model = sequential([
    entry.bidirectional ? layers.bidirectional({ layer, mergeMode: entry.merge_mode }) : layer,
  ]);
  model.setWeights(entry.weights.map((name) => tensors.stored(name)));
  return model;
}
