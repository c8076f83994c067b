// A rule as react-querybuilder holds it, and as the API reads it: the same groups, without its ids.

const NEW_VALUES = { "range of ranks": [0, 100], deciles: [10], rank: 10 };

export const shapeOf = (field, operator) => field?.operators.find((one) => one.name === operator)?.shape ?? "one";

/** What the API reads; also what stands inside values. */
export function strip(node) {
  if (Array.isArray(node.rules)) return { combinator: node.combinator, not: Boolean(node.not), rules: node.rules.map(strip) };
  return { field: node.field, operator: node.operator, value: inner(node.value) ?? null };
}

function inner(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const told = { ...value };
  for (const key of ["where", "within"]) {
    if (told[key]?.rules?.length) told[key] = strip(told[key]);
    else delete told[key];
  }
  return told;
}

/** A value that fits field and operator, as near to the one before as can be. */
export function fitted(field, operator, value) {
  const shape = shapeOf(field, operator);
  const example = field.defaultValue;
  const single = () => {
    const first = Array.isArray(value) ? value[0] : value;
    if (fits(field, first)) return first;
    const told = Array.isArray(example) ? example[0] : example;
    return fits(field, told) ? told : blank(field);
  };
  switch (shape) {
    case "nothing": return null;
    case "one": return single();
    case "two": return Array.isArray(value) && value.length === 2 && value.every((one) => fits(field, one)) ? value : [single(), single()];
    case "many": return Array.isArray(value) && value.every((one) => fits(field, one)) ? value : fits(field, value) && value !== "" ? [value] : [];
    case "rank": return typeof value === "number" || value?.n != null ? value : NEW_VALUES.rank;
    case "deciles": return Array.isArray(value) && value.every((one) => Number.isInteger(one) && one > 0 && one <= 10) ? value : NEW_VALUES.deciles;
    case "range of ranks": return Array.isArray(value) && value.length === 2 ? value : NEW_VALUES["range of ranks"];
    default: return value !== null && typeof value === "object" && !Array.isArray(value) && !value.rel ? value : own(field, example);
  }
}

const own = (field, example) => (field.kind === "membership" ? { segment: "", since: { rel: "-7d" } } : structuredClone(example));

const NUMBERS = new Set(["count", "number", "share", "money"]);

function fits(field, value) {
  if (field.kind === "date") return typeof value === "string" || Boolean(value?.rel);
  if (field.kind === "flag") return typeof value === "boolean";
  if (NUMBERS.has(field.kind)) return typeof value === "number" || value === "";
  if (field.kind === "choice") return field.values.some(({ name }) => name === value);
  if (field.kind === "segment") return typeof value === "string" && !value.startsWith("00000000");
  return typeof value === "string" || typeof value === "number";
}

const blank = (field) => (NUMBERS.has(field.kind) ? "" : field.kind === "flag" ? true : field.kind === "date" ? { rel: "-30d" } : field.kind === "choice" ? field.values[0].name : "");

/** The tree with every value fitted to its field and operator. */
export function fit(node, fields) {
  if (node.rules) {
    const rules = node.rules.map((one) => fit(one, fields));
    return rules.every((one, i) => one === node.rules[i]) ? node : { ...node, rules };
  }
  const field = fields.get(node.field);
  if (!field) return node;
  const value = fitted(field, node.operator, node.value);
  return value === node.value || JSON.stringify(value) === JSON.stringify(node.value) ? node : { ...node, value };
}

/** [0, 2] → "rules[0].rules[2]", the place that the API names in its problems. */
export const placeOf = (path, base = "") => [base, ...path.map((i) => `rules[${i}]`)].filter(Boolean).join(".");
