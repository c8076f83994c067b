"""Compose, images and Kubernetes against the specifications that can be had offline, and against the code."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyOptions

from hub_config.settings import HubSettings
from ops.home import ROOT
from xsight_core.db.roles import LOGINS
from xsight_core.settings import Settings

DEPLOY = ROOT / "deploy"
BASE = DEPLOY / "kubernetes" / "base"
IMAGES = sorted((DEPLOY / "images").glob("*.Dockerfile"))
COMPOSE = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text())
SETTINGS = {
    field.alias for model in (Settings, HubSettings) for field in model.model_fields.values()
}
# Read by entry points and by the files in `deploy` themselves.
BESIDE = {"XSIGHT_ADMIN_DATABASE_URL", "XSIGHT_READY_FILE", "XSIGHT_VERSION", "PYTHONPATH"}
ON_KUBERNETES = {"XSIGHT_REGISTRY", "XSIGHT_TAG", "XSIGHT_PG_HOST"}


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE)["services"]


def objects():
    for file in [*sorted(BASE.glob("*.yaml")), DEPLOY / "kubernetes" / "notebooks.yaml"]:
        if file.name != "kustomization.yaml":
            yield from yaml.safe_load_all(file.read_text())


OBJECTS = list(objects())
PODS = {
    one["metadata"]["name"]: one["spec"]["template"]["spec"]
    for one in OBJECTS
    if one["kind"] in {"Deployment", "Job"}
}
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text())
VALUES = yaml.safe_load((DEPLOY / "kubernetes" / "jupyterhub.yaml").read_text())


def test_compose_is_what_the_specification_allows():
    options = PyOptions()
    options.apply_merge = True
    read = options.from_yaml(COMPOSE)
    for what in ("networks", "volumes", "secrets", "configs"):
        getattr(read, f"validate_{what}")()
    with pytest.raises(Exception, match="restarts"):
        options.from_yaml(COMPOSE.replace("    restart: unless-stopped", "    restarts: maybe", 1))


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.name)
def test_an_image_is_linted_in_stages_not_root_and_of_pinned_ones(file):
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, file], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""
    text = file.read_text()
    stages = set(re.findall(r" AS (\w+)", text))
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) - stages
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases), bases
    assert text.rpartition("\nFROM ")[2].count("USER 1000") == 1
    assert "--require-hashes" in text or "npm ci" in text


def test_every_service_is_pinned_bounded_and_says_how_it_is(services):
    for name, service in services.items():
        assert not re.search(r"(:latest$|^[^:]+$)", service["image"]), name
        if service.get("profiles") == ["build"]:
            continue
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert "healthcheck" in service or service.get("restart") == "no", name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["logging"]["options"]["max-size"], name


def test_environments_name_settings_that_there_are(services):
    for name, service in services.items():
        known = (
            SETTINGS
            | BESIDE
            | {"POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS", "XSIGHT_DOMAIN"}
        )
        assert set(service.get("environment", {})) <= known, name
    told = {
        variable["name"]
        for pod in PODS.values()
        for variable in pod["containers"][0].get("env", [])
    }
    settings = [
        line.partition("=")[0] for line in KUSTOMIZATION["configMapGenerator"][0]["literals"]
    ]
    assert (
        told | set(settings) | set(VALUES["hub"]["extraEnv"]) <= SETTINGS | BESIDE | ON_KUBERNETES
    )
    read = set(
        re.findall(
            r"environ(?:\.get\(|\[)\"(\w+)",
            (DEPLOY / "kubernetes" / "jupyterhub_config.py").read_text(),
        )
    )
    required = {f.alias for f in HubSettings.model_fields.values() if f.is_required()}
    secrets = {Path(file).name for one in KUSTOMIZATION["secretGenerator"] for file in one["files"]}
    assert (read | required) - set(VALUES["hub"]["extraEnv"]) - secrets == set()


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_an_object_is_what_kubernetes_accepts(one):
    kubernetes_validate.validate(one, "1.34", strict=True)


def test_a_misspelt_object_is_not_accepted():
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_the_base_names_every_file_and_every_process():
    assert set(KUSTOMIZATION["resources"]) == {f.name for f in BASE.glob("*.yaml")} - {
        "kustomization.yaml"
    }
    commands = {name: pod["containers"][0]["args"][2] for name, pod in PODS.items()}
    assert commands == {
        "api": "api",
        "worker": "worker",
        "scheduler": "worker.scheduler",
        "relay": "worker.relay",
        "migrate": "xsight_core.db.migrate",
    }
    assert all(importlib.util.find_spec(module) for module in commands.values())


def test_pods_are_restricted_and_bounded_and_hold_the_secrets_compose_gives_them(services):
    for name, pod in PODS.items():
        box = pod["containers"][0]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert pod["automountServiceAccountToken"] is False
        assert box["securityContext"] == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        assert box["resources"]["limits"].keys() == {"cpu", "memory"}
        assert name == "migrate" or {"livenessProbe", "readinessProbe"} <= set(box)
        held = {
            item["key"]
            for v in pod["volumes"]
            if v["name"] == "secrets"
            for item in v["secret"]["items"]
        }
        assert held == set(services[name]["secrets"]), name


def test_what_grows_has_bounds_and_survives_a_drain():
    found = {(one["kind"], one["metadata"]["name"]): one.get("spec") for one in OBJECTS}
    assert {name for kind, name in found if kind == "PodDisruptionBudget"} == {
        "api",
        "worker",
        "scheduler",
        "relay",
    }
    metrics = found["HorizontalPodAutoscaler", "worker"]["metrics"]
    asked = [m["external"]["metric"]["name"] for m in metrics if m["type"] == "External"]
    adapter = yaml.safe_load((DEPLOY / "kubernetes" / "adapter.yaml").read_text())
    assert asked == [rule["name"]["as"] for rule in adapter["rules"]["external"]]
    assert asked[0] in (ROOT / "api" / "gauges.py").read_text()


def test_the_namespace_is_closed_but_for_what_is_named():
    policies = {
        one["metadata"]["name"]: one["spec"]
        for one in OBJECTS
        if one["kind"] == "NetworkPolicy" and "namespace" not in one["metadata"]
    }
    assert policies["closed"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    outward = policies["outward"]["egress"][0]["to"][0]["ipBlock"]
    assert "169.254.0.0/16" in outward["except"]
    with_doorbell = policies["doorbell"]["podSelector"]["matchExpressions"][0]["values"]
    assert "hub" not in with_doorbell


def test_notebooks_in_the_chart_reach_no_metadata_server():
    rules = VALUES["hub"]["networkPolicy"]
    assert rules["egressAllowRules"]["cloudMetadataServer"] is False
    assert VALUES["proxy"]["chp"]["defaultTarget"] == "http://api:8001"


def test_the_database_in_compose_lets_in_only_whom_it_has_to():
    rules = [
        line.split()
        for line in (DEPLOY / "compose" / "pg_hba.conf").read_text().splitlines()
        if not line.startswith("#")
    ]
    over_socket = [(rule[2], rule[-1]) for rule in rules if rule[0] == "local"]
    assert over_socket == [
        ("postgres", "peer"),
        ('"/^nb_[0-9a-f]{12}$"', "scram-sha-256"),
        ("all", "reject"),
    ]
    assert set(rules[-1][2].split(",")) == set(LOGINS)
