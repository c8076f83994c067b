"""Where analysts' code gets an origin of its own, and what must not share it."""

import pytest
from jupyterhub.app import JupyterHub

from hub_config.origins import origins_of

PUBLIC = "https://xsight.example.com"


def test_one_origin_unless_another_is_named():
    assert origins_of(PUBLIC, "") is None


def test_labs_move_and_everything_else_stays():
    origins = origins_of(PUBLIC, "xsight-notebooks.net")
    host = origins.hook
    assert host("t-north", "xsight.example.com", "user") == "xsight.example.com"
    assert host("xsight-api", "xsight.example.com", "service") == "xsight.example.com"
    labs = {
        host(name, "xsight.example.com", "user") for name in ("north-0a0a0a0a", "south-0b0b0b0b")
    }
    assert labs == {"north-0a0a0a0a.xsight-notebooks.net", "south-0b0b0b0b.xsight-notebooks.net"}
    assert origins.hub_routespec == "xsight.example.com/hub/"
    assert origins.extra_routes("http://hub") == {"xsight.example.com/user/": "http://hub"}


@pytest.mark.parametrize(
    "host",
    [
        "notebooks.example.com",
        "example.com",
        "EXAMPLE.com.",
        "localhost",
        "https://x.net",
        "x.net:1",
    ],
)
def test_two_names_of_one_site_are_refused(host):
    with pytest.raises(ValueError, match="XSIGHT_NOTEBOOK_HOST"):
        origins_of(PUBLIC, host)


def test_jupyterhub_takes_what_we_tell_it():
    origins = origins_of(PUBLIC, "xsight-notebooks.net")
    hub = JupyterHub(subdomain_host=origins.public, subdomain_hook=origins.hook)
    assert hub.subdomain_host == PUBLIC
    assert hub.subdomain_hook("t-x", "d", kind="user") == "d"
