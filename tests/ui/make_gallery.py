"""Writes the gallery's sample: ``python -m tests.ui.make_gallery``."""

import json
from pathlib import Path

from tests.ui import models_sample
from tests.ui.sync_sample import make_sync_document
from xsight_ui.pages import gallery


def main() -> None:
    """The documents of the sample shop, each at its page's key, without what no page shows."""
    found = models_sample.documents()
    overview, other = found["overview"], found["churn"]
    head = {key: value for key, value in overview.items() if other.get(key) == value}
    head = {key: value for key, value in head.items() if key not in ("churn", "clv")}
    head["freshness"] = head["freshness"] | {"synced_at": models_sample.NOW.isoformat()}
    pages = {name: {k: v for k, v in body.items() if k not in head} for name, body in found.items()}
    for part in (pages["overview"], pages["churn"]):
        part["totals"] = head["totals"]
    for model in (pages["churn"]["card"]["models"]["purchases"], pages["churn"]["churn"]["model"]):
        model.pop("covariance", None)
    pages["sync"] = make_sync_document() | {"computed_at": models_sample.NOW.isoformat()}
    sample = head | {"daily": overview["daily"], "pages": pages}
    path = Path(gallery.__file__).with_name("gallery.json")
    path.write_text(json.dumps(sample, separators=(",", ":"), sort_keys=True, default=str) + "\n")


if __name__ == "__main__":
    main()
