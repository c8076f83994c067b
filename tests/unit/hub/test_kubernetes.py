"""The walls around notebook pods, as far as they can be checked without a cluster."""

import ast
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "deploy" / "kubernetes"


@pytest.fixture(scope="module")
def objects():
    found = list(yaml.safe_load_all((DEPLOY / "notebooks.yaml").read_text()))
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


@pytest.fixture(scope="module")
def configured():
    """What the Hub's configuration sets to a plain value, by name."""
    tree = ast.parse((DEPLOY / "jupyterhub_config.py").read_text())
    values = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            try:
                values[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return values


def test_a_pod_is_nobody_and_writes_nowhere(configured):
    context = configured["c.KubeSpawner.container_security_context"]
    assert context["runAsNonRoot"]
    assert context["readOnlyRootFilesystem"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert not context["allowPrivilegeEscalation"]
    assert configured["c.KubeSpawner.automount_service_account_token"] is False
    assert configured["c.KubeSpawner.privileged"] is False
    assert configured["c.KubeSpawner.mem_limit"]
    assert configured["c.KubeSpawner.cpu_limit"]


def test_the_namespace_refuses_what_is_not_restricted(objects):
    labels = objects["Namespace", "xsight-notebooks"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_everything_is_closed_but_what_is_named(objects):
    closed = objects["NetworkPolicy", "closed"]["spec"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    egress = objects["NetworkPolicy", "notebooks"]["spec"]["egress"]
    parts = [
        next(iter(to["podSelector"]["matchLabels"].values()))
        for rule in egress
        for to in rule["to"]
    ]
    assert parts == ["hub", "postgres", "kube-dns"]
    assert all("ipBlock" not in to for rule in egress for to in rule["to"])
    assert all(rule["ports"] for rule in egress)


def test_the_hub_rules_over_notebooks_only(objects):
    assert all(kind not in {"ClusterRole", "ClusterRoleBinding"} for kind, _ in objects)
    role = objects["Role", "hub"]
    assert role["metadata"]["namespace"] == "xsight-notebooks"
    assert not {"*", "update", "patch"} & {verb for rule in role["rules"] for verb in rule["verbs"]}


def test_it_says_that_it_was_not_run():
    for file in DEPLOY.iterdir():
        if file.is_file():
            assert "not run" in file.read_text().lower()
