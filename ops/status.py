"""``xsight status``: what the running stack last said of its processes."""

import time

from ops.config import Config

__all__ = ["show"]

_NOTHING_RUNS = 3


def show(config: Config) -> int:
    """One line a process; 0 when all are ready, 1 when not, 3 when nothing runs."""
    home = config.home
    state = home.state()
    if not home.locked() or not state:
        print(f"Nothing runs on {home.path}. Start it with `xsight up`.")
        return _NOTHING_RUNS
    services = state["services"]
    print(f"{state['url']}  on {home.path}  (process {state['pid']})")
    for name, service in services.items():
        word = "ready" if service["ready"] else "starting"
        age = _age(time.time() - service["since"]) if service["since"] else "-"
        restarts = f"{service['restarts']} restarts" if service["restarts"] else ""
        print(f"  {name:<10} {word:<9} {age:>8}  pid {service['pid'] or '-':<8} {restarts}")
    return 0 if state["ready"] and all(s["ready"] for s in services.values()) else 1


def _age(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{minutes:.1f} min" if minutes >= 1 else f"{seconds:.0f} s"
