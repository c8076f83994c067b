"""A published notebook: opened from the navigation, which names each by its title."""

from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["PUBLISHED"]


def _panels(document: Document) -> dict[str, Spec]:
    one = document["publication"]
    if one is None:
        gone = {
            "name": "empty",
            "title": "This page is not published",
            "text": "It was taken away, or the link is not of this store. The navigation shows what there is.",
        }
        return {"page": {"kind": "published", "title": "Published notebook", "state": gone}}
    panel: Spec = {
        "kind": "published",
        "title": one["title"],
        "subtitle": f"Version {one['version']}",
        "definition": "A notebook of this store's analysts, reviewed by an admin. It runs read-only and without "
        "personal data; what you see is its last good run.",
        "id": one["id"],
    }
    return {"page": panel}


PUBLISHED = PageDef(
    key="published",
    title="Published",
    icon="M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7",
    document="published",
    rows=(("full", ("page",)),),
    panels=_panels,
    over_time=False,
    parent=("overview", "Overview"),
)
