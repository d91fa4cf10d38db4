/** A case of a manifest that `record.py` made of a PyTorch module. */
export interface TorchEntry {
  readonly name: string;
  readonly file: string;
  readonly type: "module" | "cell";
  readonly module: string;
  readonly args: Readonly<Record<string, unknown>> & {
    readonly input_size: number;
    readonly hidden_size: number;
    readonly batch_first?: boolean;
  };
  readonly unbatched: boolean;
  readonly state_given: boolean;
  readonly lengths: readonly number[] | null;
}
