// Heat colours: one ramp of eight steps in the stylesheet, so that both themes keep their contrast.

const STEPS = 8;
const TOP = 0.95; // quantile that gets the strongest colour: one outlier must not pale the rest

/** value → attributes of its cell, for a set of values that are compared with each other. */
export function heatScale(values) {
  const known = values.filter((value) => value != null).sort((a, b) => a - b);
  const low = known[0] ?? 0;
  const spread = (known[Math.floor(TOP * (known.length - 1))] ?? 0) - low;
  return (value) => {
    const level = spread > 0 ? Math.max(0, Math.min(1, (value - low) / spread)) : 0.5;
    return { class: "xs-heat", "data-heat": String(1 + Math.round(level * (STEPS - 1))) };
  };
}

/** Attributes of a cell that is empty though it could hold something. */
export const noHeat = { class: "xs-heat", "data-heat": "0" };
