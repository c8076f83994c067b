import pytest

pytestmark = pytest.mark.xdist_group("hub")


def test_hub_starts(hub, north):
    print(hub.start_server(f"t-{north.slug}"))
    v = hub.visitor(hub.person("Ann", "viewer", north))
    r, kernel = v.open_page(f"/user/t-{north.slug}/app/overview")
    assert r.status_code == 200, hub.log()[-3000:]
    print(kernel, r.text[:500])
    assert kernel
