import pytest

from tests.hub.visitor import run_in_kernel

pytestmark = pytest.mark.xdist_group("hub")


async def test_lab(hub, north):
    ann = hub.person("Ann", "analyst", north)
    v = hub.visitor(ann)
    try:
        v.open_lab()
    finally:
        print(hub.log()[-6000:])
    base = f"/user/{ann.hub_name}"
    xsrf = {c.name: c.value for c in v.http.cookies.jar if c.path.startswith(base)}
    r = v.http.post(
        f"{base}/api/kernels", json={"name": "python3"}, headers={"X-XSRFToken": xsrf["_xsrf"]}
    )
    print(r.text)
    async with v.socket(f"{base}/api/kernels/{r.json()['id']}/channels") as s:
        print(await run_in_kernel(s, "import os; print(dict(os.environ)); import xsight_core"))
        print(
            await run_in_kernel(
                s,
                'import subprocess as sp; print(sp.run(\'id; ls -la / /run /run/xsight /home/analyst /opt/xsight; ps aux; cat /proc/1/environ | tr "\\\\0" "\\\\n"\', shell=True, capture_output=True, text=True))',
            )
        )
    print(hub.log()[-6000:])
