/**
 * Keeps TensorFlow.js from advertising its native backend on the error stream. Its cpu backend does so when
 * it first stores a tensor in Node.js, which it marks by a field `firstUse`; cleared before, it stays silent,
 * and every real warning is still printed.
 */
export async function withoutBanner(): Promise<void> {
  const { findBackend } = (await import("@tensorflow/tfjs" as string)) as {
    findBackend(name: string): { firstUse?: boolean } | null;
  };
  const backend = findBackend("cpu");
  if (backend?.firstUse === true) backend.firstUse = false;
}
