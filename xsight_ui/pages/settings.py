"""Settings: the store's connection, who may see it, what it tells whom, how it looks, and the record of all that.

Everything that depends on the viewer the browser asks of the API, with the viewer's own session.
"""

from typing import Any

from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["SETTINGS"]


def _form(kind: str, title: str, subtitle: str, height: int, **more: Any) -> Spec:
    """A panel of fields and lists: nothing to be exported."""
    return {
        "kind": f"settings_{kind}",
        "title": title,
        "subtitle": subtitle,
        "height": height,
        "form": True,
        **more,
    }


def _panels(document: Document) -> dict[str, Spec]:
    return {
        "connection": _form(
            "connection",
            "Store",
            document["shop"]["domain"] or "Not connected yet",
            330,
            connection=dict(document["connection"]),
        ),
        "rules": _form("rules", "How your numbers are counted", "The rules behind every page", 330),
        "members": _form("members", "Members", "Who may see this store, and what they may do", 380),
        "invite": _form(
            "invite", "Invite somebody", "They get a link that is good for 7 days", 380
        ),
        "tokens": _form("tokens", "API tokens", "How programs come in", 340),
        "new_token": _form("new_token", "New token", "It may at most what you may", 340),
        "alerts": _form(
            "alerts", "Alerts", "Bounds on your numbers, looked at after every sync", 420
        ),
        "alert": _form("alert", "New alert", "Told once when it begins, once when it is over", 420),
        "reports": _form("reports", "Reports", "Pages that go out by mail", 380),
        "report": _form("report", "New report", "With its reader’s rights", 380),
        "branding": _form("branding", "Branding", "How pages and reports look", 360),
        "audit": _form("audit", "Audit log", "Who did what, when and from where", 520),
        "requests": _form("requests", "Requests", "What customers asked about their data", 340),
        "ask": _form("ask", "A customer asked you", "Without going through Shopify", 340),
        "sessions": _form("sessions", "Where you are logged in", "Every browser of yours", 280),
        "you": _form("you", "You", "Your account", 280),
    }


_TABS = (
    ("store", "Store", ("connection", "rules")),
    ("members", "Members", ("members", "invite")),
    ("tokens", "API tokens", ("tokens", "new_token")),
    ("alerts", "Alerts", ("alerts", "alert")),
    ("reports", "Reports", ("reports", "report")),
    ("branding", "Branding", ("branding",)),
    ("audit", "Audit log", ("audit",)),
    ("privacy", "Privacy", ("requests", "ask")),
    ("you", "You", ("sessions", "you")),
)

SETTINGS = PageDef(
    key="settings",
    title="Settings",
    icon="M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
    document="settings",
    rows=tuple(("lead" if len(panels) > 1 else "full", panels) for _, _, panels in _TABS),
    panels=_panels,
    over_time=False,
    modules=("settings",),
    tabs=_TABS,
)
