// The processor of worklet.page.ts: everything in it runs in the AudioWorklet's own global scope.
import { builtin, compile, State } from "@unroll/api";
import { charlmOf } from "../charlm.js";

interface Given {
  readonly weights: Uint8Array;
  readonly expected: Uint8Array;
  readonly state: string;
  readonly id: number;
}

declare class AudioWorkletProcessor {
  readonly port: {
    onmessage: ((event: { data: Given }) => void) | null;
    postMessage(message: object): void;
  };
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

const absent = ["TextDecoder", "TextEncoder", "atob", "btoa", "URL"].filter((name) => !(name in globalThis));

async function run({ weights, expected, state: saved, id }: Given): Promise<object> {
  const given = charlmOf({ weights, expected, json: "{}" });
  const adapter = builtin();
  const model = await compile(given.spec, { adapter, weights: given.weights });
  const state = State.fromJSON(JSON.parse(saved));
  const logits = new Float32Array(75);
  model.stepInto(Int32Array.of(id), state, logits);
  return {
    missing: absent,
    device: adapter.device,
    logits: Array.from(logits),
    state: JSON.stringify(state),
  };
}

class Charlm extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      run(data)
        .catch((error: Error) => ({ missing: absent, error: error.message }))
        .then((answer) => this.port.postMessage(answer));
    };
  }
  process(): boolean {
    return true;
  }
}

registerProcessor("charlm", Charlm);
