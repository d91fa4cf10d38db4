import type { DeviceTensor, HostTensor } from "../contract/tensor.js";

/** What a step of training, or an evaluation, returns. */
export interface StepResult {
  /** The loss, before the step. */
  readonly loss: number;
  /** The model's outputs that were asked for, by name. */
  readonly outputs: Readonly<Record<string, HostTensor>>;
}

/** Reads results of a program of training, and disposes them. */
export async function stepResult(
  results: readonly (readonly [name: string, tensor: DeviceTensor])[],
): Promise<StepResult> {
  try {
    const read = await Promise.all(results.map(async ([name, one]) => [name, await one.read()] as const));
    const outputs = Object.fromEntries(
      read.flatMap(([name, one]) => (name === "loss" ? [] : [[name.replace(/^output\./, ""), one]])),
    );
    return { loss: read.find(([name]) => name === "loss")![1].data[0]!, outputs };
  } finally {
    for (const [, one] of results) one.dispose();
  }
}
