/** Name of the input that is what an output should have been. */
export const targetName = (output: string): string => `target.${output}`;

/** Name of the input, [...] as the loss, that says what the loss of each row counts. */
export const shareName = (output: string): string => `share.${output}`;

/** Name of the input and output that is what an optimiser keeps of a weight. */
export const slotName = (weight: string, slot: string): string => `slot.${slot}.${weight}`;

/** Name of the input that is a number of an optimiser's step. */
export const scalarName = (scalar: string): string => `step.${scalar}`;

/** Name of the output of a program of training that is an output of its model. */
export const outputName = (output: string): string => `output.${output}`;
