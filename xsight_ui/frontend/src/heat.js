// Heat colours: one ramp of nine steps in the stylesheet, so that both themes keep their contrast.

const STEPS = 8;

/** Attributes of a cell whose value is `level` of the highest, 0 to 1. */
export function heat(level, filled = true) {
  if (!filled || Number.isNaN(level)) return { class: "xs-heat", "data-heat": "0" };
  return { class: "xs-heat", "data-heat": String(1 + Math.round(Math.max(0, Math.min(1, level)) * (STEPS - 1))) };
}
