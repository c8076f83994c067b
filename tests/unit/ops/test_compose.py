"""docker-compose.yml says the same as `xsight up`. No engine here: structure, not behaviour."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from ops.config import Config
from ops.home import ROOT
from ops.processes import PORTS, processes
from ops.vault import Vault

OURS = ("api", "worker", "scheduler", "relay", "hub")
TOGETHER = dict.fromkeys(("scheduler", "relay"), "queue")  # one process on a machine of its own
# What only one of the two ways of running needs.
ONLY_EMBEDDED = {
    "HOME", "LANG", "LC_ALL", "NO_PROXY", "PATH", "PYTHONUNBUFFERED", "TMPDIR", "TZ",
    "XSIGHT_DEMO_SHOPS", "SHOPIFY_URL_TEMPLATE",
    "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_",  # in the image
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY",
}  # fmt: skip
ONLY_COMPOSE = {"PYTHONPATH", "XSIGHT_METRICS_HOST", "XSIGHT_TRUSTED_PROXIES", "XSIGHT_VERSION"}
# The worker has no sandbox and no Lab in its image: published notebooks run embedded only (deploy/README.md).
NOT_YET_IN_COMPOSE = {
    "worker": {
        "XSIGHT_SPAWNER_DATABASE_URL",
        "XSIGHT_LAB_PYTHON",
        "XSIGHT_PG_SOCKET_DIR",
        "XSIGHT_SANDBOX",
    }
}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture
def embedded(tmp_path):
    config = Config.read({"XSIGHT_HOME": str(tmp_path)})
    config.home.make()
    ports = dict.fromkeys(PORTS, 20_000)
    dsn = "postgresql://admin:pw@/xsight?host=%2Frun%2Fpg"
    services = processes(
        config, Vault(config.home.secrets), ports, dsn, "redis://:pw@127.0.0.1:1/0"
    )
    return {service.name: service for service in services}


def _secrets(service):
    return {name for name in service.get("secrets", []) if name.isupper()}


@pytest.mark.parametrize("name", OURS)
def test_a_service_gets_the_settings_its_process_gets_and_no_more(compose, embedded, name):
    there = (
        set(embedded[TOGETHER.get(name, name)].env)
        - ONLY_EMBEDDED
        - NOT_YET_IN_COMPOSE.get(name, set())
    )
    service = compose["services"][name]
    here = set(service.get("environment", {})) | _secrets(service)
    assert here - ONLY_COMPOSE == there


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_service_runs_the_module_its_process_runs(compose, embedded, name):
    assert compose["services"][name]["command"] == ["python", *embedded[name].command[1:]]


@pytest.mark.parametrize("name", TOGETHER)
def test_what_is_one_process_here_are_services_there(compose, name):
    assert compose["services"][name]["command"] == ["python", "-m", f"worker.{name}"]


def test_what_is_run_exists(compose):
    for service in compose["services"].values():
        command = service.get("command", [])
        if command[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(command[2]), command
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_what_an_image_copies_exists():
    for file in (ROOT / "deploy" / "images").glob("*.Dockerfile"):
        for line in file.read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                *sources, _target = line.split()[1:]
                for source in sources:
                    assert (ROOT / source).exists(), (file, source)


@pytest.mark.parametrize("name", ["dash", "lab"])
def test_a_notebook_server_has_the_front_end_which_is_not_in_git(name):
    text = (ROOT / "deploy" / "images" / f"{name}.Dockerfile").read_text()
    built, last = text.split("AS frontend")[1].split("\nFROM ")
    assert "RUN node build.mjs /static" in built
    assert "COPY --from=frontend /static /opt/xsight/xsight_ui/static" in last
    assert "xsight_ui/static" in (ROOT / ".dockerignore").read_text().splitlines()


def test_a_volume_of_the_server_image_belongs_to_who_writes_it(compose):
    text = (ROOT / "deploy" / "images" / "server.Dockerfile").read_text()
    folders = {
        folder: "xsight" if "-o xsight" in line else "root"
        for line in text.splitlines()
        if "install -d" in line
        for folder in re.findall(r"/var/lib/xsight\S*", line)
    }
    for service in compose["services"].values():
        if service.get("image", "").startswith("xsight-server:"):
            for volume in service.get("volumes", []):
                target = volume.split(":")[1]
                if target.startswith("/var/lib/xsight"):
                    assert folders[target] == service.get("user", "xsight"), target


def test_notebooks_reach_neither_valkey_nor_the_api_nor_the_world(compose):
    networks = {
        name: set(service.get("networks", [])) for name, service in compose["services"].items()
    }
    assert {name for name, on in networks.items() if "notebooks" in on} == {
        "proxy", "hub", "dash", "lab",
    }  # fmt: skip
    assert networks["valkey"] == networks["api"] == networks["postgres"] == {"back"}
    assert networks["tls"] == {"edge"}
    assert compose["networks"]["notebooks"]["internal"] is True
    assert [name for name, one in compose["services"].items() if "ports" in one] == ["tls"]


def test_only_who_needs_redis_or_the_keyring_gets_it(compose):
    holders = {
        secret: {n for n, s in compose["services"].items() if secret in s.get("secrets", [])}
        for secret in (
            "XSIGHT_REDIS_URL",
            "XSIGHT_ADMIN_DATABASE_URL",
            "XSIGHT_SPAWNER_DATABASE_URL",
        )
    }
    assert holders["XSIGHT_REDIS_URL"] == {"api", "worker", "scheduler", "relay"}
    assert holders["XSIGHT_ADMIN_DATABASE_URL"] == {"migrate"}
    assert holders["XSIGHT_SPAWNER_DATABASE_URL"] == {"migrate", "hub"}


def test_every_secret_and_volume_that_is_used_is_declared_and_the_other_way_round(compose):
    services = compose["services"].values()
    used = {secret for service in services for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])
    configured = {one["source"] for service in services for one in service.get("configs", [])}
    assert configured == set(compose["configs"])
    named = {v.split(":")[0] for s in services for v in s.get("volumes", []) if v[0] not in "./"}
    assert named == set(compose["volumes"])


def test_every_secret_file_is_made_by_the_script(compose, tmp_path, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("deploy_secrets", ROOT / "deploy" / "secrets.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "FOLDER", tmp_path / "secrets")
    monkeypatch.setattr("sys.argv", ["secrets.py"])
    script.main()
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert {Path(s["file"]).name for s in compose["secrets"].values()} == set(made)
    # containers read them under users of their own; the folder keeps everybody else out
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in made.values())
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    with pytest.raises(SystemExit, match="exists: remove"):
        script.main()


def test_images_and_services_say_that_they_were_not_run():
    for file in [ROOT / "docker-compose.yml", *(ROOT / "deploy" / "images").glob("*.Dockerfile")]:
        assert "not run" in file.read_text().lower()
