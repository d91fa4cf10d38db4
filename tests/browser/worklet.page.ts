// Runs the character model inside an AudioWorklet, from bytes and a saved state, and says what it computed.
interface WorkletAnswer {
  readonly missing: readonly string[];
  readonly error?: string;
  readonly logits?: readonly number[];
  readonly state?: string;
}

declare const OfflineAudioContext: new (
  channels: number,
  length: number,
  rate: number,
) => {
  readonly audioWorklet: { addModule(path: string): Promise<void> };
  startRendering(): Promise<unknown>;
};
declare const AudioWorkletNode: new (
  context: object,
  name: string,
) => {
  readonly port: {
    onmessage: ((event: { data: WorkletAnswer }) => void) | null;
    postMessage(message: object): void;
  };
};

const bytes = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`/fixtures/models/charlm/${name}`)).arrayBuffer());

async function inWorklet(state: string, id: number): Promise<WorkletAnswer> {
  const context = new OfflineAudioContext(1, 128, 44_100);
  await context.audioWorklet.addModule("/worklet.js");
  const node = new AudioWorkletNode(context, "charlm");
  const answer = new Promise<WorkletAnswer>((resolve) => {
    node.port.onmessage = ({ data }) => resolve(data);
  });
  const [weights, expected] = await Promise.all([bytes("charlm.safetensors"), bytes("expected.safetensors")]);
  node.port.postMessage({ weights, expected, state, id });
  return answer;
}

Object.assign(globalThis, { inWorklet, engineNames: ["builtin"] });
