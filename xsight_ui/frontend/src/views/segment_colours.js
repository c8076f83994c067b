// A colour for each of the eleven segments: five tones, paler for those that come later in a tone.
import { fade } from "../chart.js";

const STEPS = [1, 0.68, 0.45];

/** (colours, tones by key, keys) → colour by key. */
export function segmentColours(c, tones, keys) {
  const used = {};
  return Object.fromEntries(keys.map((key) => {
    const tone = tones[key] ?? "mid";
    used[tone] = (used[tone] ?? -1) + 1;
    return [key, fade(c[`tone-${tone}`], STEPS[used[tone]] ?? 0.35)];
  }));
}

export const NOT_YET = "not_yet";
