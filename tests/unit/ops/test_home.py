"""Who holds a state folder, and what is believed of it."""

import subprocess
import sys

import pytest

from ops import detached
from ops.config import Config
from ops.trouble import Trouble


@pytest.fixture
def config(tmp_path):
    config = Config.read({"XSIGHT_HOME": str(tmp_path)})
    config.home.make()
    return config


@pytest.fixture
def stranger():
    """A process that got the number of one of ours after that was killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_down_ends_nobody_whom_a_killed_stack_left_in_its_state(config, stranger, capsys):
    config.home.write_state({"pid": stranger.pid, "ready": True, "services": {}})
    config.home.lock()  # as `xsight migrate` holds it
    assert detached.down(config) == 0
    assert "Nothing runs" in capsys.readouterr().out
    assert stranger.poll() is None


def test_a_second_lock_is_refused_and_names_the_first(config):
    config.home.lock()
    with pytest.raises(Trouble, match=r"running on \S+ already\. "):
        config.home.lock()
    config.home.write_state({"pid": 4711})
    with pytest.raises(Trouble, match=r"already \(process 4711\)"):
        config.home.lock()
    assert config.home.state() == {"pid": 4711}
