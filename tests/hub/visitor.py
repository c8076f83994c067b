"""A browser without a page: cookies, redirects, websockets."""

import asyncio
import json
import re
import time

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.hub.provider import Member

PATIENCE_S = 180
KERNEL = re.compile(r'"kernelId": "([0-9a-f-]+)"')


class Visitor:
    def __init__(self, url: str, member: Member | None) -> None:
        self.url, self.member = url, member
        self.http = httpx.Client(base_url=url, follow_redirects=member is not None, timeout=60)
        if member is not None:
            self.http.cookies.set("who", member.id.hex, domain="127.0.0.1", path="/auth")

    def get(self, path: str, **kwargs) -> httpx.Response:
        return self.http.get(path, **kwargs)

    def open_page(self, path: str) -> tuple[httpx.Response, str]:
        """Load a dashboard to its end; returns the answer and its kernel."""
        answer = self.get(path)
        found = KERNEL.search(answer.text)
        return answer, found[1] if found else ""

    def open_lab(self) -> httpx.Response:
        """Go to one's Lab as a browser does: start it where it does not run, wait, open it."""
        name = self.member.hub_name
        answer = self.get(f"/hub/spawn/{name}")
        deadline = time.monotonic() + PATIENCE_S
        while "jupyter-config-data" not in answer.text:
            assert answer.status_code in {200, 424}, answer.text
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)
            answer = self.get(f"/user/{name}/lab")
        return answer

    def start_kernel(self) -> str:
        """A new kernel in one's Lab, with the token that its page would send along."""
        base = f"/user/{self.member.hub_name}/"
        (xsrf,) = [c.value for c in self.http.cookies.jar if c.name == "_xsrf" and c.path == base]
        answer = self.http.post(
            f"{base}api/kernels", json={"name": "python3"}, headers={"X-XSRFToken": xsrf}
        )
        return answer.json()["id"]

    def cookie_header(self, path: str) -> str:
        return self.http.build_request("GET", path).headers.get("cookie", "")

    def socket(self, path: str, *, origin: str | None = None):
        """A websocket with this visitor's cookies. As a context manager."""
        cookie = self.cookie_header(path)
        return connect(
            self.url.replace("http", "ws", 1) + path,
            additional_headers={"Cookie": cookie} if cookie else {},
            origin=origin or self.url,
            max_size=None,
        )

    async def socket_status(self, path: str, *, origin: str | None = None) -> int:
        """101 where the websocket opens, else the status that refused it."""
        try:
            async with self.socket(path, origin=origin):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    @staticmethod
    async def closed_with(socket) -> int | None:
        """Read until the other side closes; the close code."""
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


def message(kind: str, content: dict, *, id_: str | None = None) -> str:
    """A message of Jupyter's protocol, as a browser sends it."""
    header = {
        "msg_id": id_ or kind,
        "msg_type": kind,
        "username": "",
        "session": "x",
        "version": "5.3",
    }
    return json.dumps(
        {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
            "buffers": [],
        }
    )


async def run_in_kernel(socket, code: str, *, within_s: float = 30) -> str:
    """Execute in a Lab's kernel; what it printed, or its traceback's last line."""
    await socket.send(message("execute_request", {"code": code, "silent": False}, id_=code[:40]))
    out: list[str] = []
    async with asyncio.timeout(within_s):
        while True:
            got = json.loads(await socket.recv())
            if got["parent_header"].get("msg_id") != code[:40]:
                continue
            content = got["content"]
            if got["msg_type"] == "stream":
                out.append(content["text"])
            elif got["msg_type"] == "error":
                out.append(f"{content['ename']}: {content['evalue']}")
            elif got["msg_type"] == "status" and content["execution_state"] == "idle":
                return "".join(out).strip()
