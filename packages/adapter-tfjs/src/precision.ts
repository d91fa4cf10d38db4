import type { Capabilities } from "@unroll/api/adapter";
import type { Library } from "./library.js";

/** The library's word for whether its WebGL textures hold 32 bits: on many phones they hold 16. */
const FLOAT32_TEXTURES = "WEBGL_RENDER_FLOAT32_ENABLED";

/** Precision of a backend, asked of the library rather than assumed. */
export function precisionOf(tf: Library, backend: string): Capabilities["precision"] {
  const env = tf.env?.();
  if (backend !== "webgl" || !env?.flagRegistry || !(FLOAT32_TEXTURES in env.flagRegistry)) return "f32";
  return env.getBool(FLOAT32_TEXTURES) ? "f32" : "f16";
}
