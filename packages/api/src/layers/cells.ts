import { customDefinition, type CustomCellSpec } from "./custom.js";
import type { CellDefinition } from "./definition.js";
import { gruDefinition, type GruCellSpec } from "./gru.js";
import { lstmDefinition, type LstmCellSpec } from "./lstm.js";
import { simpleRnnDefinition, type SimpleRnnCellSpec } from "./simple-rnn.js";

export { customDefinition, type CustomCellSpec } from "./custom.js";
export { gruCell, type GruCellSpec, gruDefinition } from "./gru.js";
export { lstmCell, type LstmCellSpec, lstmDefinition } from "./lstm.js";
export { simpleRnnCell, type SimpleRnnCellSpec, simpleRnnDefinition } from "./simple-rnn.js";

/** A cell whose equations the library has. */
export type KnownCellSpec = SimpleRnnCellSpec | LstmCellSpec | GruCellSpec;

/** Any cell that a recurrent layer may have; `kind` tells which. */
export type CellSpec = KnownCellSpec | CustomCellSpec;

/** Every cell there is, by kind. A new one is a file beside this, and its lines here. */
export const cellDefinitions = {
  simpleRnn: simpleRnnDefinition,
  lstm: lstmDefinition,
  gru: gruDefinition,
  custom: customDefinition,
} as const satisfies { readonly [K in CellSpec["kind"]]: CellDefinition<Extract<CellSpec, { kind: K }>> };
