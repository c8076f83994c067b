"""The warm process that kernels are forked from: ``python -m hub_config.dashboards.zygote FD``.

What keeps fork() safe is checked before every fork: exactly one thread (native ones included) and no zmq context. So
it imports modules and does nothing else. A library that starts threads on import must not be among the preloaded.
"""

import ctypes
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

PRELOAD = (
    *("ipywidgets", "anywidget", "psycopg", "xsight_ui", "xsight_ui.widgets", "xsight_ui.pages"),
    "xsight_ui.data",
)
LATE = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.heartbeat"),
    *("ipykernel.subshell_manager", "comm", "zmq.utils.garbage", "zmq.eventloop.zmqstream"),
    *("zmq.asyncio", "IPython.core.completerlib", "IPython.core.debugger"),
    *("IPython.core.displayhook", "IPython.core.history", "IPython.core.logger"),
    *("IPython.core.magics", "IPython.core.oinspect", "IPython.utils.wildcard"),
    *("IPython.extensions.storemagic", "tornado.platform.asyncio", "asyncio.unix_events"),
    *("pdb", "faulthandler", "runpy", "uuid", "urllib.request", "http.client", "encodings.idna"),
)
"""What a kernel imports late, on start or with its first cells. Missing ones are skipped."""

PR_SET_PDEATHSIG = 1
HEAD_BYTES = 4


def main() -> None:
    """Import, then fork a kernel for each request that comes over the socket."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    gc.disable()
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # no debugger here: 5 MB, 150 modules less
    for name in (*LATE, *PRELOAD):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # later collections leave alone what exists now, so its pages stay shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps kernels that have ended
    stream, me = requests.makefile("rb"), os.getpid()
    while head := stream.read(HEAD_BYTES):
        request = json.loads(stream.read(int.from_bytes(head, "big")))
        try:
            bound = _fork(requests)
        except (OSError, RuntimeError) as error:
            requests.sendall(str(error).encode())
            continue
        if bound is not None:
            stream.close()
            requests.close()
            _become_kernel(request, bound, me)


def _fork(requests: socket.socket) -> int | None:
    """In the child: the pipe to close when its sockets are bound. In the zygote: None, the answer is sent."""
    _check_single()
    ready, bound = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ready)
        return bound
    pidfd = os.pidfd_open(pid)
    socket.send_fds(requests, [str(pid).encode()], [pidfd, ready])
    for descriptor in (pidfd, ready, bound):
        os.close(descriptor)
    return None


def _check_single() -> None:
    zmq = sys.modules.get("zmq")
    context = zmq.Context._instance if zmq else None  # noqa: SLF001 - there is no public question
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - counts, needs no paths
    if threads != 1 or context is not None:
        raise RuntimeError(f"not safe to fork: {threads} threads, zmq context {context}")


def _become_kernel(request: dict[str, Any], bound: int, zygote: int) -> NoReturn:
    """In the forked child: undo what is the zygote's, then be an IPython kernel until told to end."""
    os.setsid()  # a process group of its own: interrupts reach the kernel and what it started
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote:  # it died before the line above: no signal will come
        os._exit(1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"] or ".")
    gc.enable()
    _reseed()

    from ipykernel.kernelapp import IPKernelApp  # pyright: ignore[reportMissingImports]  # noqa: PLC0415 - preloaded by name
    from traitlets.config import Config  # noqa: PLC0415

    sys.argv = ["ipykernel_launcher", "-f", request["file"]]
    # no history file and its thread; no threads that capture what C code prints
    config = Config(
        {"HistoryManager": {"enabled": False}, "IPKernelApp": {"capture_fd_output": False}}
    )
    # parent_handle 1: no thread that polls for the parent, PR_SET_PDEATHSIG does that
    app = IPKernelApp.instance(connection_file=request["file"], parent_handle=1, config=config)
    app.initialize([])
    if (
        "ipywidgets" in sys.modules
    ):  # it was imported where there was no kernel yet to answer for it
        sys.modules["ipywidgets"].register_comm_target(app.kernel)
    os.close(bound)
    app.start()  # returns after a shutdown request
    app.shell.atexit_operations()
    os._exit(0)  # past the interpreter's slow teardown, after which a forked kernel did not leave


def _reseed() -> None:
    """Generators that were seeded before the fork would give every kernel the same numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    main()
