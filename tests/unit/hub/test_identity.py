import re
from uuid import UUID

import pytest

from hub_config.authenticator import DashboardClients
from hub_config.identity import USERNAME, Person

ID = UUID("0123456789abcdef0123456789abcdef")
NORTH = {"id": str(ID), "slug": "north1a2b3c", "role": "analyst", "pii": True}
SOUTH = {"id": str(ID), "slug": "south1a2b3c", "role": "viewer", "pii": False}


def claims(**changed):
    given = {"sub": str(ID), "email": "ann@example.com", "name": "Ann Lee", "tenant": "north1a2b3c"}
    return given | {"tenants": [NORTH, SOUTH]} | changed


def test_a_person_s_hub_user_is_their_tenant_s():
    assert Person.from_claims(claims()).hub_name == "north1a2b3c-01234567"
    assert Person.from_claims(claims(tenant="south1a2b3c")).hub_name == "south1a2b3c-01234567"


def test_roles_open_the_dashboards_of_every_store_and_a_lab_where_the_role_has_one():
    roles = {r["name"]: r["scopes"] for r in Person.from_claims(claims()).hub_roles()}
    assert roles["dash-north1a2b3c"] == ["access:servers!user=t-north1a2b3c"]
    assert roles["dash-south1a2b3c"] == ["access:servers!user=t-south1a2b3c"]
    assert "servers!user" in roles["lab"]
    assert not any(s.startswith(("servers", "admin")) for s in roles["user"])
    viewer = Person.from_claims(claims(tenant="south1a2b3c")).hub_roles()
    assert "lab" not in {r["name"] for r in viewer}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"tenant": "east1a2b3c"}, "tenant"),
        ({"tenant": None}, "tenant"),
        ({"tenants": []}, "tenant"),
        ({"tenants": [NORTH | {"slug": "t-north1a"}]}, "tenants"),
        ({"tenants": [NORTH | {"slug": "North1a2b"}]}, "tenants"),
        ({"tenants": [NORTH | {"slug": "north1a2b3c\n"}]}, "tenants"),
        ({"tenants": [NORTH | {"role": "root"}]}, "tenants"),
        ({"sub": "1"}, "UUID"),
    ],
)
def test_claims_that_make_no_sense_are_refused(changed, named):
    with pytest.raises(ValueError, match=named):
        Person.from_claims(claims(**changed))


@pytest.mark.parametrize("pii", [1, "true", None])
def test_personal_data_needs_a_plain_yes(pii):
    person = Person.from_claims(claims(tenants=[NORTH | {"pii": pii}]))
    assert person.current.pii is False


def test_no_person_can_be_named_like_a_tenant_s_server():
    assert re.match(USERNAME, "t-north1a2b3c")
    assert re.match(USERNAME, "north1a2b3c-01234567")
    for name in ("t-no", "t-north1a2b3c-01234567", "north1a2b3c", "../north1a2b", "T-NORTH1A2B3C"):
        assert not re.match(USERNAME, name)


@pytest.mark.parametrize(
    ("name", "initials"), [("Ann Lee", "AL"), ("ann@example.com", "AE"), ("", "?"), ("Ö", "Ö")]
)
def test_initials(name, initials):
    assert Person.from_claims(claims(name=name, email="")).initials == initials


def test_only_dashboards_skip_the_question_whether_to_authorize():
    clients = DashboardClients()
    assert "jupyterhub-user-t-north1a2b3c" in clients
    assert "jupyterhub-user-north1a2b3c-01234567" not in clients
