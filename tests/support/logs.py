"""Where a test lets our processes' parts log, and that it is put back: the next test may come from anywhere."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog

from xsight_core.logging import configure_logging

__all__ = ["logged_to"]


@contextmanager
def logged_to(stream: TextIO, *, level: str = "INFO", form: str = "json") -> Iterator[None]:
    """As a process logs; afterwards as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, structlog.get_config()
    configure_logging(level=level, form=form, stream=stream)
    try:
        yield
    finally:
        root.handlers[:], root.level = before[0], before[1]
        structlog.configure(**before[2])
