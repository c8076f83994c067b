"""Kernels forked from a warm process instead of started from nothing: 50 ms and 18 MB each.

One parent, the zygote (``zygote.py``), per dashboard server imports IPython, ipykernel and the widgets once. A new
kernel is a fork of it: imports cost nothing, and memory is shared until written. A zygote belongs to one tenant's
server: kernels of two tenants never come from one process.
"""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.metadata import EntryPoint
from typing import Any, ClassVar, Self

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

__all__ = ["ForkProvisioner", "ForkServer", "ForkedProcess", "register"]

PROVISIONER = "xsight-fork"
BOUND_WITHIN_S = 10
HIDDEN = frozenset({"JPY_PARENT_PID", "JUPYTERHUB_API_TOKEN"})
SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",  # native thread pools do not survive a fork
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


class ForkedProcess:
    """What LocalProvisioner needs of Popen, for a process that is not our child: held by its pidfd."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._fd = pidfd

    def poll(self) -> int | None:
        """None while it runs, then -1: the zygote does not collect exit codes."""
        if self.returncode is None and select.select([self._fd], [], [], 0)[0]:
            os.close(self._fd)
            self.returncode = -1
        return self.returncode

    def wait(self) -> int | None:
        """Block until it has ended."""
        if self.returncode is None:
            select.select([self._fd], [], [])
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Signal it if it still runs; a pidfd never hits a stranger with a reused number."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ZygoteGone(OSError):
    """The zygote ended before it answered; a new one can be started."""


class ForkServer:
    """Starts the zygote and asks it for kernels. The zygote and all its kernels end with this process."""

    _shared: ClassVar[Self | None] = None

    @classmethod
    def shared(cls) -> Self:
        """The server's zygote; a new one where it has died."""
        if cls._shared is None or cls._shared.process.poll() is not None:
            cls._shared = cls()
        return cls._shared

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        env = {k: v for k, v in os.environ.items() if k not in HIDDEN}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub_config.dashboards.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=SINGLE_THREADED | env,
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def fork(self, connection_file: str, env: dict[str, str], cwd: str | None) -> ForkedProcess:
        """A new kernel, whose sockets are bound when this returns. OSError where the zygote refuses, ZygoteGone."""
        body = json.dumps({"file": connection_file, "env": env, "cwd": cwd}).encode()
        with self._lock:
            try:
                self._socket.sendall(len(body).to_bytes(4, "big") + body)
                reply, descriptors, _, _ = socket.recv_fds(self._socket, 4096, 2)
            except ConnectionError:
                reply, descriptors = b"", []
        if (
            not reply
        ):  # a process that ends closes its sockets first and can be waited for only later
            self.process.kill()
            self.process.wait()
            raise ZygoteGone("the zygote is gone")
        if len(descriptors) != 2:  # noqa: PLR2004 - the pidfd and the pipe
            raise OSError(reply.decode())
        pidfd, bound = descriptors
        select.select([bound], [], [], BOUND_WITHIN_S)
        os.close(bound)
        return ForkedProcess(int(reply), pidfd)


class ForkProvisioner(LocalProvisioner):
    """LocalProvisioner whose process comes from the fork server, or is started as usual where that fails."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork, off the event loop: the first kernel waits for the zygote's imports."""
        cwd = kwargs.get("cwd")
        env = {k: v for k, v in kwargs["env"].items() if k not in HIDDEN}
        try:
            request = cmd[cmd.index("-f") + 1], env, cwd
            try:
                self.process = await asyncio.to_thread(ForkServer.shared().fork, *request)
            except ZygoteGone:
                self.process = await asyncio.to_thread(ForkServer.shared().fork, *request)
        except (OSError, ValueError) as error:
            self.log.error("Kernel started without the fork server: %s", error)  # noqa: TRY400 - expected
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = cwd
        return self.connection_info


def register() -> None:
    """Make the provisioner known under the name that the kernelspec uses, without an installed entry point."""
    factory = KernelProvisionerFactory.instance()
    value = f"{ForkProvisioner.__module__}:{ForkProvisioner.__qualname__}"
    factory.provisioners[PROVISIONER] = EntryPoint(PROVISIONER, value, factory.GROUP_NAME)
