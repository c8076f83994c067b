// react-querybuilder, with our own controls: named for screen readers, native selects, problems and counts at the rule.
import { useContext, useEffect, useMemo, useRef } from "react";
import { QueryBuilder, Rule as PlainRule, RuleGroup as PlainGroup } from "react-querybuilder";
import { Catalogue } from "./catalogue.js";
import { ValueEditor } from "./editors.jsx";
import { fit, fitted, placeOf } from "./query.js";

const COMBINATORS = [{ name: "and", value: "and", label: "All of" }, { name: "or", value: "or", label: "Any of" }];
const PATHS = { close: "M6 6l12 12M18 6 6 18", up: "M12 19V6M6 11l6-6 6 6", down: "M12 5v13M6 13l6 6 6-6", copy: "M9 9h10v10H9zM5 15V5h10" };
const Sign = ({ name }) => <svg viewBox="0 0 24 24" width="15" height="15" className="xs-icon" aria-hidden="true"><path d={PATHS[name]} /></svg>;

const TRANSLATIONS = {
  addRule: { label: "Add condition", title: "Add condition" }, addGroup: { label: "Add group", title: "Add group" },
  removeRule: { label: <Sign name="close" />, title: "Remove condition" }, removeGroup: { label: <Sign name="close" />, title: "Remove group" },
  shiftActionUp: { label: <Sign name="up" />, title: "Move up" }, shiftActionDown: { label: <Sign name="down" />, title: "Move down" },
  cloneRule: { label: <Sign name="copy" />, title: "Repeat condition" }, cloneRuleGroup: { label: <Sign name="copy" />, title: "Repeat group" },
  combinators: { title: "All or any of" }, fields: { title: "Asked of the customer" }, operators: { title: "Compared how" },
};

/** Native, so that arrow keys and typing choose; grouped where the options are. */
function Selector({ options, value, handleOnChange, title, className, disabled, rule, fieldData }) {
  const one = (option) => <option key={option.name} value={option.name} title={option.title}>{option.label}</option>;
  const label = fieldData ? `${fieldData.label}: ${title}` : title;
  return <select className={`xs-input ${className}`} aria-label={label} value={value} disabled={disabled} onChange={(event) => handleOnChange(event.target.value)} data-rule={rule?.id}>
    {options.map((option) => (option.options ? <optgroup key={option.label} label={option.label}>{option.options.map(one)}</optgroup> : one(option)))}
  </select>;
}

const Not = ({ checked, handleOnChange, disabled, path }) => <label className="xs-check xs-not"><input type="checkbox" checked={Boolean(checked)} disabled={disabled} onChange={({ target }) => handleOnChange(target.checked)} />{path.length ? "none of this" : "everybody else"}</label>;

/** The rule as it is, what is wrong with it, and how many it leaves. */
function Rule(props) {
  const { problems, funnel, format } = useContext(Catalogue);
  const place = placeOf(props.path, props.context.base);
  const wrong = problems.filter(({ field }) => field === place || field.startsWith(`${place}.`));
  const left = props.context.base ? null : funnel.get(place);
  return <div className="xs-rule" data-place={place} data-wrong={wrong.length > 0}>
    <PlainRule {...props} />
    {left != null && wrong.length === 0 && <span className="xs-rule-count" title={left.title}>{format.count(left.customers)}</span>}
    {wrong.length > 0 && <p className="xs-rule-problem">{[...new Set(wrong.map(({ detail }) => detail))].join(" ")}</p>}
  </div>;
}

function Group(props) {
  const { problems } = useContext(Catalogue);
  const place = placeOf(props.path, props.context.base);
  const own = problems.filter(({ field }) => field === `${place}.rules` || (!place && field === "rules") || field === place || field === `${place}.combinator`);
  return <div className="xs-group" data-place={place} data-wrong={own.length > 0}>
    <PlainGroup {...props} />
    {own.length > 0 && <p className="xs-rule-problem">{own.map(({ detail }) => detail).join(" ")}</p>}
  </div>;
}

const Editor = (props) => <ValueEditor {...props} place={placeOf(props.path, props.context.base)} scope={props.context.scope} />;

/** A group of one scope, with all below it; `onEmpty` where it may go away whole. */
export function Rules({ scope, group, onChange, base = "", label, onEmpty }) {
  const { fields } = useContext(Catalogue);
  const named = useMemo(() => new Map(fields[scope].map((field) => [field.name, field])), [fields, scope]);
  const grouped = useMemo(() => {
    const groups = new Map();
    for (const field of fields[scope]) {
      const told = { ...field, value: field.name, operators: field.operators.map((one) => ({ ...one, value: one.name })) };
      groups.set(field.group, [...(groups.get(field.group) ?? []), told]);
    }
    return [...groups].map(([heading, options]) => ({ label: heading, options }));
  }, [fields, scope]);
  const box = useRef(null);
  const before = useRef(null);
  const context = useMemo(() => ({ base, scope }), [base, scope]);
  const change = (query) => {
    if (onEmpty && query.rules.length === 0) return void onEmpty();
    onChange(fit(query, named));
  };
  // Whoever adds a condition goes on in it.
  useEffect(() => {
    const ids = new Set([...box.current.querySelectorAll("select.rule-fields")].map((one) => one.dataset.rule));
    const fresh = before.current && [...ids].filter((id) => !before.current.has(id));
    if (fresh?.length === 1 && before.current.size + 1 === ids.size) box.current.querySelector(`select.rule-fields[data-rule="${fresh[0]}"]`)?.focus();
    before.current = ids;
  });
  return <div className="xs-rules" role="group" aria-label={label} ref={box}>
    <QueryBuilder fields={grouped} query={group} onQueryChange={change} context={context} combinators={COMBINATORS} translations={TRANSLATIONS}
      showNotToggle showCloneButtons showShiftActions listsAsArrays resetOnOperatorChange={false} resetOnFieldChange addRuleToNewGroups
      getDefaultField={() => (scope === "customer" ? "orders_count" : scope === "orders" ? "net" : "vendor")}
      getDefaultOperator={(name) => named.get(name).defaultOperator} getDefaultValue={(rule) => fitted(named.get(rule.field), rule.operator, named.get(rule.field).defaultValue)}
      controlElements={{ valueEditor: Editor, fieldSelector: Selector, operatorSelector: Selector, combinatorSelector: Selector, notToggle: Not, rule: Rule, ruleGroup: Group }}
      controlClassnames={{ addRule: "xs-button xs-small", addGroup: "xs-button xs-small", removeRule: "xs-rule-tool", removeGroup: "xs-rule-tool", cloneRule: "xs-rule-tool", cloneGroup: "xs-rule-tool", shiftActions: "xs-rule-shift" }} />
  </div>;
}
