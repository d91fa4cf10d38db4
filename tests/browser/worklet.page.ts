// Runs the character model inside an AudioWorklet, from bytes and a saved state, and says what it computed;
// and plays a tone through an amplifier there.
import { type Amplifier, toneOf } from "./amplifier.js";

interface WorkletAnswer {
  readonly missing: readonly string[];
  readonly error?: string;
  readonly device?: string;
  readonly logits?: readonly number[];
  readonly state?: string;
}

interface Played {
  readonly error?: string;
  readonly device?: string;
  readonly samples: readonly number[];
  /** From the first sample asked for to the last that is there. */
  readonly seconds: number;
}

interface AudioBuffer {
  getChannelData(channel: number): Float32Array;
}
interface AudioNode {
  connect(to: AudioNode): AudioNode;
}
declare class OfflineAudioContext {
  constructor(channels: number, length: number, rate: number);
  readonly audioWorklet: { addModule(path: string): Promise<void> };
  readonly destination: AudioNode;
  createBuffer(channels: number, length: number, rate: number): AudioBuffer;
  createBufferSource(): AudioNode & { buffer: AudioBuffer; start(): void };
  startRendering(): Promise<AudioBuffer>;
}
declare const AudioWorkletNode: new (
  context: OfflineAudioContext,
  name: string,
  options?: object,
) => AudioNode & {
  readonly port: {
    onmessage: ((event: { data: never }) => void) | null;
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
    node.port.onmessage = ({ data }: { data: WorkletAnswer }) => resolve(data);
  });
  const [weights, expected] = await Promise.all([bytes("charlm.safetensors"), bytes("expected.safetensors")]);
  node.port.postMessage({ weights, expected, state, id });
  return answer;
}

async function played(amplifier: Amplifier, samples: number): Promise<Played> {
  const context = new OfflineAudioContext(1, samples, 48_000);
  await context.audioWorklet.addModule("/amplifier.js");
  const options = { processorOptions: amplifier, outputChannelCount: [1] };
  const node = new AudioWorkletNode(context, "amplifier", options);
  const { device, error } = await new Promise<Pick<Played, "device" | "error">>((resolve) => {
    node.port.onmessage = ({ data }) => resolve(data);
  });
  const source = context.createBufferSource();
  source.buffer = context.createBuffer(1, samples, 48_000);
  source.buffer.getChannelData(0).set(toneOf(samples));
  source.connect(node).connect(context.destination);
  source.start();
  const start = performance.now();
  const rendered = await context.startRendering();
  const seconds = (performance.now() - start) / 1000;
  return {
    ...(error ? { error } : { device: device! }),
    samples: Array.from(rendered.getChannelData(0)),
    seconds,
  };
}

Object.assign(globalThis, { inWorklet, played, engineNames: ["builtin"] });
