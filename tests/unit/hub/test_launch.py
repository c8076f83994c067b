from pathlib import Path
from uuid import UUID

from hub_config.launch import Places, Plan, command_line, environment, inside
from hub_config.sandbox import interpreter_folders
from hub_config.settings import HubSettings

PLAN = Plan("hub_config.dashboards", Path("/srv/venv/bin/python"), "north1a2b3c")


def places(tmp_path: Path) -> Places:
    return Places(
        run=tmp_path / "run", postgres=tmp_path / "pg", home=tmp_path / "home", ledger=None
    )


def test_a_server_gets_an_allow_list_and_no_token():
    hub = {
        "JUPYTERHUB_USER": "t-north1a2b3c",
        "JUPYTERHUB_API_TOKEN": "secret",
        "JUPYTERHUB_CRYPT_KEY": "secret",
        "JPY_API_TOKEN": "secret",
        "CONFIGPROXY_AUTH_TOKEN": "secret",
        "XSIGHT_KEYRING": "secret",
        "LD_LIBRARY_PATH": "/tmp",
        "LANG": "C.UTF-8",
    }
    given = environment(PLAN, inside(places(Path("/x"))), hub, tenant_id=UUID(int=1))
    assert "secret" not in given.values()
    assert given["JUPYTERHUB_USER"] == "t-north1a2b3c"
    assert given["LANG"] == "C.UTF-8"
    assert "LD_LIBRARY_PATH" not in given
    assert given["XSIGHT_DSN_FILE"] == "/run/xsight/dsn"
    assert "XSIGHT_LEDGER_DIR" not in given


def test_a_sandbox_shares_no_namespace_and_binds_what_is_named(tmp_path):
    line = command_line(
        PLAN, places(tmp_path), bubblewrap=Path("/usr/bin/bwrap"), hub_socket=tmp_path / "hub.sock"
    )
    assert "--unshare-all" in line
    assert "--share-net" not in line
    writable = [line[i + 1] for i, word in enumerate(line) if word == "--bind"]
    assert writable == [str(tmp_path / "run"), str(tmp_path / "home")]
    assert line[-3:] == ["/srv/venv/bin/python", "-m", "hub_config.dashboards"]


def test_without_a_sandbox_the_command_stands_alone(tmp_path):
    line = command_line(PLAN, places(tmp_path), bubblewrap=None, hub_socket=None)
    assert line == ["/srv/venv/bin/python", "-m", "hub_config.dashboards"]


def test_an_interpreter_s_links_are_followed(tmp_path):
    real = tmp_path / "versions" / "3.12.1" / "bin" / "python3.12"
    alias = tmp_path / "versions" / "3.12"
    venv = tmp_path / "venv" / "bin" / "python"
    for file in (real, venv):
        file.parent.mkdir(parents=True)
    real.touch()
    alias.symlink_to("3.12.1")
    venv.symlink_to(alias / "bin" / "python3.12")
    folders = interpreter_folders(venv)
    assert folders[0] == tmp_path / "venv"
    assert alias in folders
    assert real.parent.parent in folders


def settings(**given):
    names = (
        *("XSIGHT_PROXY_API_URL", "CONFIGPROXY_AUTH_TOKEN", "JUPYTERHUB_CRYPT_KEY"),
        *("XSIGHT_HUB_COOKIE_SECRET_FILE", "XSIGHT_DASH_PYTHON", "XSIGHT_LAB_PYTHON"),
        *("XSIGHT_API_INTERNAL_URL", "XSIGHT_HUB_CLIENT_SECRET", "XSIGHT_HUB_API_TOKEN"),
        "XSIGHT_SPAWNER_DATABASE_URL",
    )
    return HubSettings.model_validate(dict.fromkeys(names, "x") | {"XSIGHT_HUB_PORT": 1} | given)


def test_sockets_stay_in_the_state_folder_while_their_path_is_short(tmp_path):
    short, long = Path("/srv/xsight"), Path("/srv") / ("x" * 80)
    assert settings(XSIGHT_HOME=short).sockets_dir == short / "run" / "servers"
    moved = settings(XSIGHT_HOME=long).sockets_dir
    assert not moved.is_relative_to(long)
    assert len(str(moved)) < 60
    assert moved != settings(XSIGHT_HOME=long / "y").sockets_dir


def test_settings_show_no_secret():
    assert "hidden" not in repr(settings(XSIGHT_HUB_CLIENT_SECRET="hidden"))
