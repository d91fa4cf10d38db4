// An amplifier in an AudioWorklet: `process` takes each block that is played through `sequenceInto`.
import { builtin, type State, type SteppableModel } from "@unroll/api";
import { type Amplifier, amplifierOf } from "./amplifier.js";

declare class AudioWorkletProcessor {
  readonly port: { postMessage(message: object): void };
}
declare function registerProcessor(
  name: string,
  processor: new (given: { readonly processorOptions: Amplifier }) => AudioWorkletProcessor,
): void;

const BLOCK = 128;

class AmplifierProcessor extends AudioWorkletProcessor {
  #model: SteppableModel | undefined;
  #state: State | undefined;

  constructor({ processorOptions }: { readonly processorOptions: Amplifier }) {
    super();
    this.#start(processorOptions).then(
      (device) => this.port.postMessage({ device }),
      (error: Error) => this.port.postMessage({ error: error.message }),
    );
  }

  async #start(amplifier: Amplifier): Promise<string> {
    const adapter = builtin();
    const model = await amplifierOf(amplifier, adapter);
    // The first block of a length makes what the next ones use: before anything is played.
    model.sequenceInto(new Float32Array(BLOCK), model.zeroState(1), new Float32Array(BLOCK));
    this.#state = model.zeroState(1);
    this.#model = model;
    return adapter.device;
  }

  process(
    [input]: readonly (readonly Float32Array[])[],
    [output]: readonly (readonly Float32Array[])[],
  ): boolean {
    const x = input![0];
    if (this.#model && x) this.#model.sequenceInto(x, this.#state!, output![0]!);
    return true;
  }
}

registerProcessor("amplifier", AmplifierProcessor);
