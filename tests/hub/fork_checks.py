"""A forked kernel must behave like a started one. Run in the dashboards' environment; prints what it found as JSON.

python -m tests.hub.fork_checks KERNELS_FOLDER
"""

import asyncio
import faulthandler
import json
import os
import signal
import sys
import tempfile
import uuid
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager

from hub_config.dashboards.forkserver import ForkServer, register

STANDS_STILL_S = 200
RUN = tempfile.mkdtemp(prefix="xf-")


async def run(client, code: str, out: list[str] | None = None) -> str:
    """What it writes, which is put into ``out`` as it comes."""
    out = [] if out is None else out

    def collect(message: dict) -> None:
        content = message["content"]
        out.append(content.get("text") or content.get("ename") or "")

    await client.execute_interactive(code, store_history=False, timeout=60, output_hook=collect)
    return "".join(out).strip()


async def start(**env: str):
    manager = AsyncKernelManager(
        kernel_name="python3",
        transport="ipc",
        connection_file=f"{RUN}/{uuid.uuid4().hex[:8]}.json",
        client_factory="hub_config.dashboards.client.QuickClient",
    )
    await manager.start_kernel(env={**os.environ, **env}, cwd="/tmp")
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    return manager, client


async def end(manager, client) -> None:
    client.stop_channels()
    await manager.shutdown_kernel(now=True)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> bool:
    for _ in range(1200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


async def noticed(manager) -> bool:
    """A process whose first thread has ended counts as alive until its last one has."""
    for _ in range(1200):
        if not await manager.is_alive():
            return True
        await asyncio.sleep(0.05)
    return False


SEEDS = """
import random, uuid, secrets, tempfile
print(random.random(), uuid.uuid4(), secrets.token_hex(4), tempfile.mktemp())
"""


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def endless(client) -> asyncio.Future[str]:
    """A cell that has begun and does not end."""
    begun: list[str] = []
    code = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(.05)"
    busy = asyncio.ensure_future(run(client, code, begun))
    while not begun and not busy.done():
        await asyncio.sleep(0.02)
    return busy


async def main() -> dict[str, bool]:
    found: dict[str, bool] = {}
    register()
    zygote = ForkServer.shared().process.pid
    (first, c1), (second, c2) = await start(WHO="one"), await start(WHO="two", TZ="Asia/Tokyo")
    pids = [m.provisioner.pid for m in (first, second)]
    found["forked from the zygote"] = {parent(p) for p in pids} == {zygote}
    where = "import os; print(os.environ['WHO'], os.getcwd())"
    found["own environment and folder"] = [await run(c1, where), await run(c2, where)] == [
        "one /tmp",
        "two /tmp",
    ]
    found["own time zone"] = await run(c2, "import time; print(time.tzname[0])") == "JST"
    secret = "import os; print('JUPYTERHUB_API_TOKEN' in os.environ)"
    found["no Hub token"] = await run(c1, secret) == "False"
    ours, theirs = (await run(c1, SEEDS)).split(), (await run(c2, SEEDS)).split()
    found["random numbers differ"] = all(a != b for a, b in zip(ours, theirs, strict=True))
    session = "print(get_ipython().kernel.session.session)"
    found["sessions differ"] = await run(c1, session) != await run(c2, session)
    tasks = "import asyncio; print(await asyncio.gather(*[asyncio.sleep(0, i) for i in range(3)]))"
    found["asyncio in a cell"] = await run(c1, tasks) == "[0, 1, 2]"
    child = "import subprocess; print(subprocess.run(['sh', '-c', 'exit 3']).returncode)"
    found["exit codes of children"] = await run(c1, child) == "3"
    found["preloaded"] = (
        await run(c1, "import sys; print('xsight_ui.widgets' in sys.modules)") == "True"
    )

    busy = await endless(c1)
    await first.interrupt_kernel()
    found["interrupted"] = "KeyboardInterrupt" in await asyncio.wait_for(busy, 60)
    found["the other is not"] = await run(c2, "print(1)") == "1"

    await first.restart_kernel(now=True)
    await c1.wait_for_ready(timeout=60)
    fresh = await run(c1, "print('time' in globals())") == "False"
    found["restarted"] = fresh and first.provisioner.pid != pids[0]
    old = first.provisioner.pid
    c1.stop_channels()
    await first.shutdown_kernel()
    found["shut down"] = await gone(old)
    os.kill(second.provisioner.pid, signal.SIGSEGV)
    found["crash noticed, zygote lives"] = await noticed(second)
    found["crash noticed, zygote lives"] &= ForkServer.shared().process.pid == zygote
    c2.stop_channels()

    third, c3 = await start()
    orphan = third.provisioner.pid
    os.kill(zygote, signal.SIGKILL)
    found["kernels end with their zygote"] = await gone(orphan)
    c3.stop_channels()
    fourth, c4 = await start()
    found["a new zygote takes over"] = ForkServer.shared().process.pid != zygote
    many = await asyncio.gather(*[start() for _ in range(8)])
    found["eight at once"] = len({m.provisioner.pid for m, _ in many}) == 8
    found["the zygote has one thread"] = threads(ForkServer.shared().process.pid) == 1
    for manager, client in [(fourth, c4), *many]:
        await end(manager, client)
    ForkServer.shared().process.kill()
    ForkServer.shared().process.wait()
    return found


if __name__ == "__main__":
    faulthandler.dump_traceback_later(STANDS_STILL_S, exit=True)
    data = Path(RUN) / "jupyter"
    data.mkdir()
    (data / "kernels").symlink_to(sys.argv[1])
    os.environ["JUPYTER_PATH"] = str(data)
    os.environ["JUPYTERHUB_API_TOKEN"] = "a-token"
    print(json.dumps(asyncio.run(main())))
