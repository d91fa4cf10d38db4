import { compile, tensor } from "@unroll/api";
import { fromKeras, readSafetensors } from "@unroll/api/weights";
import * as models from "./models.mjs";

const WRITTEN = 10;

/**
 * Loads the translator onto an engine.
 *
 * @param about `dates.json`: sizes and vocabularies
 * @param file the bytes of `dates.safetensors`, weights under Keras's names
 */
export async function loadDates({ adapter, about, file }) {
  const { tensors } = readSafetensors(file);
  const sizes = {
    letters: about.source.length,
    digits: about.target.length,
    size: about.size,
    units: about.units,
  };
  const load = async (spec) => {
    const own = Object.fromEntries(
      Object.entries(tensors).filter(([name]) =>
        spec.layers.some((layer) => name.startsWith(`${layer.name}/`)),
      ),
    );
    return compile(spec, { adapter, weights: fromKeras(spec, own).weights });
  };
  const [encoder, decoder] = [await load(models.encoder(sizes)), await load(models.decoder(sizes))];
  const ids = new Map(about.source.map((letter, id) => [letter, id]));

  return {
    sizes,
    load,
    /** Ids of dates [dates, longest], padded with 0, and how many letters each has. */
    prepare(dates) {
      const lengths = dates.map((date) => date.length);
      const source = new Int32Array(dates.length * Math.max(...lengths));
      dates.forEach((date, row) =>
        [...date.toLowerCase()].forEach((letter, k) => {
          if (!ids.has(letter))
            throw new Error(`"${date}": expected letters among "${about.source.join("")}", got "${letter}"`);
          source[row * Math.max(...lengths) + k] = ids.get(letter);
        }),
      );
      return { source: tensor(source, [dates.length, Math.max(...lengths)], "int32"), lengths };
    },
    /** Dates as ISO 8601, and for each character written how much it looked at each letter. */
    async translate(dates) {
      const { source, lengths } = this.prepare(dates);
      const reading = await encoder.sequence(source, { lengths });
      const { encoder: last } = await reading.state.toTypedArrays();
      reading.state.dispose();
      let state = { decoder: last };
      let target = new Int32Array(dates.length);
      const texts = dates.map(() => "");
      const looks = dates.map(() => []);
      for (let k = 0; k < WRITTEN; k++) {
        const next = await decoder.step(
          { target: tensor(target, [dates.length], "int32"), read: reading.output },
          state,
          { lengths: { source: lengths } },
        );
        state = next.state;
        target = target.map((_, row) => {
          const scores = next.output.data.subarray(row * sizes.digits, (row + 1) * sizes.digits);
          const best = scores.indexOf(Math.max(...scores));
          texts[row] += about.target[best];
          const longest = source.shape[1];
          looks[row].push(
            next.outputs["attention.weights"].data.slice(row * longest, row * longest + lengths[row]),
          );
          return best;
        });
      }
      state.dispose();
      return { texts, looks };
    },
    dispose() {
      encoder.dispose();
      decoder.dispose();
    },
  };
}
