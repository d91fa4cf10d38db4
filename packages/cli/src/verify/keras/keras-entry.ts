/** A case of a manifest that `record.py` made of a Keras layer. */
export interface KerasEntry {
  readonly name: string;
  readonly file: string;
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly units: number };
  readonly bidirectional: boolean;
  readonly merge_mode: "concat" | "sum" | "mul" | "ave" | null;
  readonly features: number;
  readonly weights: readonly string[];
  readonly calls: readonly KerasCall[];
  readonly masked_start_is_backend_dependent: boolean;
}

/** One call of the layer: names of tensors, and of the results it returned. */
export interface KerasCall {
  readonly input: string;
  readonly mask: string | null;
  readonly initial_state: readonly string[] | null;
  readonly prefix: string;
  readonly results: readonly string[];
}

/** What a masked step holds before the first real one. Keras's backends differ in it. */
export type HeldStart = "initialState" | "zeros";
