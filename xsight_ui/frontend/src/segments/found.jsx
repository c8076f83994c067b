// What a rule finds while it is written: count, shares, funnel, ten of them, past sizes, overlap, words and SQL.
import { useContext, useEffect, useRef, useState } from "react";
import { post } from "../session.js";
import { Catalogue } from "./catalogue.js";
import { people } from "./members.js";
import { compare } from "./overlap.js";

const LATER_MS = 700;

function Share({ label, share, value }) {
  const { format } = useContext(Catalogue);
  return <div className="xs-found-share"><span>{label}</span><strong>{value}</strong><span className="xs-bar" aria-hidden="true"><i data-tone="best" style={{ width: `${Math.max(100 * (share ?? 0), share ? 1 : 0)}%` }} /></span><span>{format.percent(share)}</span></div>;
}

function Sample({ ids }) {
  const { format } = useContext(Catalogue);
  const [known, setKnown] = useState(new Map());
  const turn = useRef(0);
  const told = ids.join();
  useEffect(() => {
    const own = ++turn.current;
    const timer = setTimeout(async () => {
      const found = ids.length ? await people(ids) : new Map();
      if (own === turn.current) setKnown(found);
    }, LATER_MS / 2);
    return () => clearTimeout(timer);
  }, [told]);
  if (!ids.length) return <p className="xs-muted">Nobody.</p>;
  return <table className="xs-runs"><thead><tr><th scope="col">Customer</th><th scope="col" className="xs-number">Orders</th><th scope="col" className="xs-number">Net sales</th></tr></thead>
    <tbody>{ids.map((id) => <tr key={id}><th scope="row"><a href={`${document.body.dataset.pages ?? "/app/"}customer?id=${id}`}>{known.get(id)?.name ?? `Customer …${String(id).slice(-4)}`}</a></th><td className="xs-number">{format.count(known.get(id)?.scores?.orders)}</td><td className="xs-number">{format.money(known.get(id)?.scores?.net_minor)}</td></tr>)}</tbody></table>;
}

function Course({ rule, said, useAnswer }) {
  const { format } = useContext(Catalogue);
  const { body, problem } = useAnswer(() => post("/api/v1/segments/course", { rule }), [said], LATER_MS);
  if (problem || !body) return <p className="xs-muted">{problem ? "–" : "Looking back…"}</p>;
  if (body.reason) return <p className="xs-muted">{body.reason}</p>;
  const most = Math.max(...body.points.map(({ customers }) => customers), 1);
  return <>
    <ol className="xs-course" aria-label="Size every thirty days">{body.points.map(({ day, customers }) => <li key={day} title={`${format.date(day)}: ${format.count(customers)}`}><b>{format.countShort(customers)}</b><i aria-hidden="true" style={{ height: `${Math.round((58 * customers) / most)}px` }} /><small>{format.dateShort(day)}</small></li>)}</ol>
    {body.as_today.length > 0 && <p className="xs-muted">As they are today: {body.as_today.join(", ")}.</p>}
  </>;
}

function Overlap({ rule, said, name, useAnswer }) {
  const { segments, format } = useContext(Catalogue);
  const [chosen, setChosen] = useState([]);
  const others = segments.filter(({ id }) => chosen.includes(id));
  const { body } = useAnswer(async () => ({ ok: true, body: await compare(rule, others) }), [said, chosen.join()], LATER_MS / 2);
  if (!segments.length) return <p className="xs-muted">Save a segment to compare with.</p>;
  return <>
    <fieldset className="xs-choices"><legend className="xs-spoken">Compare with</legend>{segments.map((one) => <label key={one.id}><input type="checkbox" checked={chosen.includes(one.id)} onChange={({ target }) => setChosen(target.checked ? [...chosen, one.id].slice(-11) : chosen.filter((id) => id !== one.id))} />{one.name}</label>)}</fieldset>
    {body?.problem && <p className="xs-muted">{body.problem}</p>}
    {body?.lines && others.length > 0 && <div className="xs-scroll-x" tabIndex={0} role="region" aria-label="Overlap"><table className="xs-runs" data-overlap=""><thead><tr><th scope="col">Segment</th><th scope="col" className="xs-number">In both</th><th scope="col" className="xs-number">Jaccard</th></tr></thead>
      <tbody>{body.lines.map((one) => <tr key={one.id}><th scope="row">{one.name}</th><td className="xs-number">{format.count(one.both)}</td><td className="xs-number">{one.jaccard == null ? "–" : one.jaccard.toFixed(2)}</td></tr>)}</tbody></table></div>}
  </>;
}

function Statement({ rule, said, useAnswer }) {
  const { body, problem } = useAnswer(() => post("/api/v1/segments/explain", { rule }), [said], LATER_MS / 2);
  if (problem) return <p className="xs-muted">The rule has to be whole first.</p>;
  return <div className="xs-sql" tabIndex={0} role="region" aria-label="SQL"><pre>{body?.sql ?? "…"}</pre>{body && <pre className="xs-muted">{Object.entries(body.parameters).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join("\n")}</pre>}</div>;
}

/** A part that asks only while it is open. */
function Part({ title, children, first = false }) {
  const [open, setOpen] = useState(first);
  return <details open={open} onToggle={({ target }) => setOpen(target.open)}><summary>{title}</summary>{open && children()}</details>;
}

export function Found({ preview: { body, busy, problem }, rule, said, name, useAnswer }) {
  const { format, problems } = useContext(Catalogue);
  const trouble = problem && (problems.length ? "Complete the marked conditions." : (problem.body?.detail ?? "XSight cannot be reached. Check your connection."));
  return <aside className="xs-found" aria-label="What it finds" aria-busy={busy}>
    <div className="xs-found-count" role="status" aria-live="polite" data-count={trouble ? "" : (body?.customers ?? "")}>
      <strong>{trouble || !body ? "–" : format.count(body.customers)}</strong><span>{trouble ?? (body ? `of ${format.count(body.of)} customers` : "Counting…")}</span>
    </div>
    {body && !trouble && <>
      <Share label="Customers" share={body.share} value={format.count(body.customers)} />
      <Share label="Net sales" share={body.net_share} value={format.moneyShort(body.net_minor)} />
      <p className="xs-found-words">{body.sentence}</p>
      <Part title="Who spent most" first>{() => <Sample ids={body.sample} />}</Part>
      <Part title="Size over the past months" first>{() => <Course rule={rule} said={said} useAnswer={useAnswer} />}</Part>
      <Part title="Overlap with other segments">{() => <Overlap rule={rule} said={said} name={name} useAnswer={useAnswer} />}</Part>
      <Part title="As SQL">{() => <Statement rule={rule} said={said} useAnswer={useAnswer} />}</Part>
    </>}
  </aside>;
}
