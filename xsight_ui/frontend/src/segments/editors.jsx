// Editors of values, one for each shape and kind of the language; every control has a name of its own.
import { useContext, useId, useState } from "react";
import { Catalogue } from "./catalogue.js";
import { fitted, shapeOf } from "./query.js";
import { Rules } from "./rules.jsx";

const UNITS = [["d", "days"], ["w", "weeks"], ["m", "months"], ["q", "quarters"], ["y", "years"]];
const NAMED = [["today", "today"], ["yesterday", "yesterday"], ["tomorrow", "tomorrow"], ["start-of-week", "start of this week"], ["start-of-month", "start of this month"], ["start-of-quarter", "start of this quarter"], ["start-of-year", "start of this year"]];
const COMPARED = [["=", "is"], ["!=", "is not"], ["<", "is less than"], ["<=", "is at most"], [">", "is more than"], [">=", "is at least"], ["between", "is between"], ["notBetween", "is not between"]];
const DAYS_COMPARED = [["=", "is"], ["!=", "is not"], ["<", "is before"], ["<=", "is on or before"], [">", "is after"], [">=", "is on or after"], ["between", "is between"], ["notBetween", "is not between"]];
const OF_SOMETHING = new Set(["sum", "avg", "min", "max"]);
const METAFIELD_TYPES = [["text", "text"], ["number", "number"], ["date", "date"], ["flag", "yes or no"]];
const two = (comparison) => comparison === "between" || comparison === "notBetween";

export const Select = ({ options, value, onChange, label, className }) => (
  <select className={className ?? "xs-input"} aria-label={label} value={value ?? ""} onChange={(event) => onChange(event.target.value)}>
    {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
  </select>
);

function Numeric({ value, onChange, label, kind }) {
  const scale = kind === "share" ? 100 : 1;
  const shown = typeof value === "number" ? Number((value * scale).toFixed(6)) : "";
  const change = ({ target }) => onChange(target.value === "" ? "" : Number((Number(target.value) / scale).toFixed(8)));
  const { unit } = useContext(Catalogue);
  return <span className="xs-unit" data-unit={kind === "share" ? "%" : kind === "money" ? unit : null}>
    <input className="xs-input xs-rule-number" type="number" step="any" inputMode="decimal" aria-label={label} value={shown} onChange={change} />
  </span>;
}

export function Day({ value, onChange, label }) {
  const told = /^([+-])(\d+)([dwmqy])$/.exec(value?.rel ?? "");
  const mode = typeof value === "string" ? "date" : told ? told[1] + told[3] : (value?.rel ?? "-d");
  const options = [["date", "the day"], ...UNITS.map(([unit, text]) => [`-${unit}`, `${text} ago`]), ...NAMED, ...UNITS.map(([unit, text]) => [`+${unit}`, `${text} from now`])];
  const choose = (key) => {
    if (key === "date") onChange(new Date().toISOString().slice(0, 10));
    else onChange({ rel: /^[+-]/.test(key) ? `${key[0]}${told?.[2] ?? 30}${key[1]}` : key });
  };
  return <span className="xs-pair">
    {told && <input className="xs-input xs-rule-number" type="number" min="0" max="9999" aria-label={`${label}: how many`} value={told[2]} onChange={({ target }) => onChange({ rel: `${told[1]}${Math.max(0, Math.trunc(Number(target.value) || 0))}${told[3]}` })} />}
    <Select options={options} value={mode} onChange={choose} label={`${label}: when`} />
    {mode === "date" && <input className="xs-input" type="date" aria-label={`${label}: day`} value={value} onChange={({ target }) => onChange(target.value)} />}
  </span>;
}

function Text({ value, onChange, label, choices }) {
  const id = useId();
  return <>
    <input className="xs-input" type="text" aria-label={label} value={value ?? ""} list={choices?.length ? id : undefined} autoComplete="off" onChange={({ target }) => onChange(target.value)} />
    {choices?.length > 0 && <datalist id={id}>{choices.map((one) => <option key={one.name} value={one.name}>{one.label}</option>)}</datalist>}
  </>;
}

/** Any number of values: those chosen as removable chips, one more by typing or choosing. */
function Many({ value, onChange, label, options, choices, number }) {
  const [typed, setTyped] = useState("");
  const id = useId();
  const chosen = Array.isArray(value) ? value : [];
  const named = new Map((options ?? choices ?? []).map((one) => [String(one.name), one.label]));
  const add = (text) => {
    const told = number ? text.trim().match(/^\d+$/)?.[0] : text.trim();
    if (told && !chosen.map(String).includes(told)) onChange([...chosen, told]);
    setTyped("");
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && !typed) onChange(chosen.slice(0, -1));
  };
  return <span className="xs-many" role="group" aria-label={label}>
    {chosen.map((one) => <span className="xs-chip" key={one}>{named.get(String(one)) ?? String(one)}
      <button type="button" aria-label={`Leave out ${named.get(String(one)) ?? one}`} onClick={() => onChange(chosen.filter((other) => other !== one))}>×</button></span>)}
    {options
      ? <Select options={[["", chosen.length ? "add…" : "choose…"], ...options.filter((one) => !chosen.includes(one.name)).map((one) => [one.name, one.label])]} value="" onChange={(key) => key && onChange([...chosen, key])} label={`${label}: add`} />
      : <><input className="xs-input" type="text" aria-label={`${label}: add`} placeholder={chosen.length ? "add…" : "type, then Enter"} value={typed} list={choices?.length ? id : undefined} autoComplete="off"
          onChange={({ target }) => (choices?.some((one) => String(one.name) === target.value) ? add(target.value) : setTyped(target.value))} onKeyDown={onKeyDown} onBlur={() => typed && add(typed)} />
        {choices?.length > 0 && <datalist id={id}>{choices.map((one) => <option key={one.name} value={one.name}>{one.label}</option>)}</datalist>}</>}
  </span>;
}

/** One value of a kind. */
function One({ field, value, onChange, label, choices }) {
  const { segments } = useContext(Catalogue);
  switch (field.kind) {
    case "date": return <Day value={value} onChange={onChange} label={label} />;
    case "flag": return <Select options={[["true", "yes"], ["false", "no"]]} value={String(value)} onChange={(key) => onChange(key === "true")} label={label} />;
    case "choice": return <Select options={field.values.map((one) => [one.name, one.label])} value={value} onChange={onChange} label={label} />;
    case "segment": return <Select options={[["", "choose…"], ...segments.map((one) => [one.id, one.name])]} value={value} onChange={onChange} label={label} />;
    case "count": case "number": case "share": case "money": return <Numeric value={value} onChange={onChange} label={label} kind={field.kind} />;
    default: return <Text value={value} onChange={onChange} label={label} choices={choices} />;
  }
}

function Two(props) {
  const [low, high] = Array.isArray(props.value) ? props.value : [];
  return <span className="xs-pair"><One {...props} value={low} label={`${props.label}: from`} onChange={(one) => props.onChange([one, high])} /><span>and</span><One {...props} value={high} label={`${props.label}: to`} onChange={(one) => props.onChange([low, one])} /></span>;
}

function Rank({ value, onChange, label, operator, place }) {
  const n = typeof value === "object" ? value.n : value;
  const within = typeof value === "object" ? value.within : null;
  const put = (number, group) => onChange(group ? { n: number, within: group } : number);
  return <span className="xs-own">
    <span className="xs-pair"><input className="xs-input xs-rule-number" type="number" min="1" step="any" aria-label={`${label}: how many`} value={n} onChange={({ target }) => put(target.value === "" ? "" : Number(target.value), within)} />
      <span>{operator.endsWith("Percent") ? "%" : "customers"}</span>
      <Select options={[["all", "of all customers"], ["some", "of those where…"]]} value={within ? "some" : "all"} onChange={(key) => put(n, key === "some" ? { combinator: "and", not: false, rules: [{ field: "orders_count", operator: ">=", value: 1 }] } : null)} label={`${label}: among`} /></span>
    {within && <Rules scope="customer" group={within} onChange={(group) => put(n, group)} base={`${place}.value.within`} label={`${label}, among whom`} />}
  </span>;
}

const Deciles = ({ value, onChange, label }) => <span className="xs-tenths" role="group" aria-label={`${label}: tenths, 10 is the highest`}>
  {Array.from({ length: 10 }, (_, i) => i + 1).map((tenth) => <button type="button" key={tenth} aria-pressed={value.includes(tenth)} onClick={() => onChange(value.includes(tenth) ? value.filter((one) => one !== tenth) : [...value, tenth].sort((a, b) => a - b))}>{tenth}</button>)}
</span>;

function Event({ field, value, onChange, label, place }) {
  const { fields, aggregates, choices: _ } = useContext(Catalogue);
  const scope = field.name;
  const summed = fields[scope].filter((one) => one.aggregated);
  const put = (more) => onChange({ ...value, ...more });
  const of = summed.find((one) => one.name === value.of);
  const kind = value.agg === "first" || value.agg === "last" ? "date" : !of ? "count" : value.agg === "avg" && of.kind === "count" ? "number" : of.kind;
  const measure = { ...(of ?? {}), name: "n", label, kind, values: undefined, defaultValue: kind === "date" ? { rel: "-90d" } : 1, operators: [{ name: "one", shape: "one" }, { name: "two", shape: "two" }] };
  const fitN = (next) => {
    const nextOf = summed.find((one) => one.name === next.of);
    const nextKind = next.agg === "first" || next.agg === "last" ? "date" : !nextOf ? "count" : next.agg === "avg" && nextOf.kind === "count" ? "number" : nextOf.kind;
    const nextField = { ...measure, kind: nextKind, defaultValue: nextKind === "date" ? { rel: "-90d" } : 1 };
    onChange({ ...next, n: fitted(nextField, two(next.cmp) ? "two" : "one", next.n) });
  };
  const aggregate = (agg) => {
    const next = { ...value, agg };
    if (OF_SOMETHING.has(agg)) next.of = value.of ?? summed[0].name;
    else delete next.of;
    fitN(next);
  };
  const end = (key, told) => {
    const window = { ...value.window };
    if (told == null) delete window[key];
    else window[key] = told;
    const next = { ...value, window };
    if (!Object.keys(window).length) delete next.window;
    onChange(next);
  };
  const Input = two(value.cmp) ? Two : One;
  const bound = (key, text, first) => <span className="xs-pair"><label className="xs-check"><input type="checkbox" checked={value.window?.[key] != null} onChange={({ target }) => end(key, target.checked ? { rel: first } : null)} />{text}</label>
    {value.window?.[key] != null && <Day value={value.window[key]} onChange={(told) => end(key, told)} label={`${label}, ${text}`} />}</span>;
  return <span className="xs-own">
    <span className="xs-pair">
      <Select options={aggregates.map((one) => [one.name, one.label])} value={value.agg} onChange={aggregate} label={`${label}: counted how`} />
      {value.of && <Select options={summed.map((one) => [one.name, one.label.toLowerCase()])} value={value.of} onChange={(name) => fitN({ ...value, of: name })} label={`${label}: of what`} />}
      <Select options={kind === "date" ? DAYS_COMPARED : COMPARED} value={value.cmp} onChange={(cmp) => fitN({ ...value, cmp })} label={`${label}: compared how`} />
      <Input field={measure} value={value.n} onChange={(n) => put({ n })} label={`${label}: with`} />
    </span>
    <span className="xs-pair xs-window">{bound("from", "since", "-90d")}{bound("to", "until", "today")}</span>
    {value.where?.rules
      ? <Rules scope={scope} group={value.where} onChange={(where) => put({ where })} base={`${place}.value.where`} label={scope === "orders" ? "Of orders where" : "Of bought products where"} onEmpty={() => { const { where: _gone, ...rest } = value; onChange(rest); }} />
      : <button type="button" className="xs-button xs-small" onClick={() => put({ where: { combinator: "and", not: false, rules: [scope === "orders" ? { field: "net", operator: ">=", value: 50 } : { field: "vendor", operator: "=", value: "" }] } })}>{scope === "orders" ? "Only orders where…" : "Only products where…"}</button>}
  </span>;
}

function Membership({ value, onChange, label }) {
  const { segments } = useContext(Catalogue);
  return <span className="xs-pair"><Select options={[["", "choose…"], ...segments.map((one) => [one.id, one.name])]} value={value.segment} onChange={(segment) => onChange({ ...value, segment })} label={`${label}: segment`} /><span>since</span><Day value={value.since} onChange={(since) => onChange({ ...value, since })} label={`${label}: since`} /></span>;
}

function Distance({ value, onChange, label }) {
  const part = (key, text) => <label className="xs-field-inline">{text} <input className="xs-input xs-rule-number" type="number" step="any" aria-label={`${label}: ${text}`} value={value[key]} onChange={({ target }) => onChange({ ...value, [key]: target.value === "" ? "" : Number(target.value) })} /></label>;
  return <span className="xs-pair">{part("km", "km around latitude")}{part("latitude", "latitude")}{part("longitude", "longitude")}</span>;
}

function Metafield({ value, onChange, label }) {
  const kind = { text: "text", number: "number", date: "date", flag: "flag" }[value.type];
  const plain = kind === "text" || kind === "flag";
  const field = { kind, name: "n", label, defaultValue: "", operators: [{ name: "one", shape: "one" }, { name: "two", shape: "two" }] };
  const put = (more) => {
    const next = { ...value, ...more };
    if ((next.type === "text" || next.type === "flag") && !["=", "!="].includes(next.cmp)) next.cmp = "=";
    onChange({ ...next, n: fitted({ ...field, kind: next.type }, two(next.cmp) ? "two" : "one", next.n) });
  };
  const Input = two(value.cmp) ? Two : One;
  return <span className="xs-pair">
    <input className="xs-input" type="text" placeholder="namespace.key" aria-label={`${label}: name`} value={value.key} onChange={({ target }) => onChange({ ...value, key: target.value })} />
    <Select options={METAFIELD_TYPES} value={value.type} onChange={(type) => put({ type })} label={`${label}: type`} />
    <Select options={plain ? COMPARED.slice(0, 2) : kind === "date" ? DAYS_COMPARED : COMPARED} value={value.cmp} onChange={(cmp) => put({ cmp })} label={`${label}: compared how`} />
    <Input field={field} value={value.n} onChange={(n) => onChange({ ...value, n })} label={`${label}: with`} />
  </span>;
}

const OWN = { event: Event, membership: Membership, distance: Distance, metafield: Metafield };

/** What react-querybuilder shows behind field and operator. */
export function ValueEditor({ fieldData: field, operator, value, handleOnChange, place, scope }) {
  const { choices, segments } = useContext(Catalogue);
  const shape = shapeOf(field, operator);
  const label = `${field.label}: value`;
  const told = fitted(field, operator, value);
  const common = { field, value: told, onChange: handleOnChange, label, choices: choices[scope]?.[field.name] };
  if (shape === "nothing") return null;
  if (shape === "two") return <Two {...common} />;
  if (shape === "many") {
    const options = field.kind === "choice" ? field.values : field.kind === "segment" ? segments.map((one) => ({ name: one.id, label: one.name })) : null;
    return <Many {...common} options={options} number={field.kind === "id" || field.kind === "ids"} />;
  }
  if (shape === "rank") return <Rank {...common} operator={operator} place={place} label={field.label} />;
  if (shape === "deciles") return <Deciles {...common} label={field.label} />;
  if (shape === "range of ranks") return <Two {...common} field={{ ...field, kind: "number" }} />;
  const Own = OWN[field.kind];
  if (shape === "own" && Own) return <Own {...common} place={place} label={field.label} />;
  return <One {...common} />;
}
