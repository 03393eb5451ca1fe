"""H21: the files of ``deploy/`` fit the program: commands, settings, ports, probes, files."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from temporalio.envconfig import ClientConfigProfile

from liaison.settings import PREFIX, Profile, Settings, load_settings
from liaison.supervisor import Programs
from tests.docs.markdown import ROOT
from tests.docs.test_names import command_of
from tests.production.deployment import (
    DEPLOY,
    Container,
    compose,
    composed,
    documents,
    images,
    manifests,
    orchestrated,
    yaml_files,
)

OURS = [
    pytest.param(c, id=f"{place}-{c.name}")
    for place, found in (("compose", composed()), ("k8s", orchestrated()))
    for c in found
]
each_of_ours = pytest.mark.parametrize("container", OURS)
USER = "10001:10001"
URL = "postgresql+psycopg://liaison:secret@book:5432/liaison"


@pytest.mark.parametrize("path", yaml_files(), ids=lambda path: path.name)
def test_every_yaml_file_can_be_read(path: Path) -> None:
    assert all(isinstance(document, dict) for document in documents(path))


def test_two_apis_three_workers_and_what_prepares_them() -> None:
    wanted = {"upgrade": 1, "setup": 1, "api": 2, "worker": 3}
    assert {c.name: c.replicas for c in composed()} == wanted
    assert {c.name: c.replicas for c in orchestrated()} == wanted | {"tools": 1}


def test_every_image_has_a_tag_that_stays() -> None:
    named = list(images())
    assert len(named) >= 12
    for image in named:
        assert re.fullmatch(r"[a-z0-9./-]+:\d+\.\d+[\w.-]*", image), image


@each_of_ours
def test_every_command_exists(container: Container) -> None:
    if container.command[0] == "liaison":
        assert command_of(container.command[1:]).name == container.command[-1]
    elif container.name == "tools":
        assert container.command == ("sleep", "infinity"), "operators bring the commands"
    else:
        ours = {program[1:] for program in (Programs().worker, Programs().api)}
        assert container.command[1:] in ours


@each_of_ours
def test_the_process_starts_under_these_settings(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in container.variables.items():
        if name.startswith(PREFIX):
            monkeypatch.setenv(name, URL if name == "LIAISON_DATABASE_URL" else value)
    settings = load_settings()
    assert settings.profile is Profile.PRODUCTION
    assert {name for name in container.variables if name.startswith("TEMPORAL_")} == {
        "TEMPORAL_ADDRESS",
        "TEMPORAL_NAMESPACE",
    }


@each_of_ours
def test_ports_and_probes_agree_with_the_settings(container: Container) -> None:
    listened = {int(value) for name, value in container.variables.items() if name.endswith("_PORT")}
    assert container.ports <= listened
    if container.name == "api":
        assert container.variables["LIAISON_API_HOST"] == "0.0.0.0"
        assert Settings.model_fields["api_port"].default in container.ports
        assert "/livez" in " ".join(container.probes)
    if container.name == "worker":
        assert "LIAISON_WORKER_METRICS_PORT" in container.variables


def test_kubernetes_asks_the_api_whether_it_lives_and_is_ready() -> None:
    probes = {c.name: c.probes for c in orchestrated()}
    assert probes["api"] == ("/livez", "/readyz")
    assert probes["worker"] == ("/metrics",)


def test_nobody_is_root_and_no_root_is_written() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert f"\nUSER {USER}\n" in dockerfile
    assert {container.user for container in (*composed(), *orchestrated())} == {USER}
    services = compose()["services"]
    assert all(services[container.name]["read_only"] for container in composed())
    for workload in (*manifests("Deployment"), *manifests("Job")):
        pod = workload["spec"]["template"]["spec"]
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert {"requests", "limits"} <= container["resources"].keys()


def test_selectors_meet_the_pods_and_budgets_leave_room() -> None:
    pods = {d["metadata"]["name"]: d["spec"]["template"]["metadata"]["labels"] for d in manifests("Deployment")}
    replicas = {d["metadata"]["name"]: d["spec"]["replicas"] for d in manifests("Deployment")}
    for deployment in manifests("Deployment"):
        assert deployment["spec"]["selector"]["matchLabels"] == pods[deployment["metadata"]["name"]]
    for budget in manifests("PodDisruptionBudget"):
        name = budget["metadata"]["name"]
        assert budget["spec"]["selector"]["matchLabels"] == pods[name]
        assert 0 < budget["spec"]["minAvailable"] < replicas[name]
    (service,) = manifests("Service")
    assert service["spec"]["selector"] == pods["liaison-api"]


def test_secrets_are_named_and_explained_and_never_written_here() -> None:
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert manifests("Secret") == []
    text = "\n".join(path.read_text(encoding="utf-8") for path in (DEPLOY / "kubernetes").glob("*.yaml"))
    named = set(re.findall(r"secretKeyRef: \{name: ([\w-]+)|secretRef: \{name: ([\w-]+)|secretName: ([\w-]+)", text))
    secrets = {name for group in named for name in group if name}
    assert secrets == {"liaison-database", "liaison-key-ring", "liaison-temporal", "liaison-temporal-tls"}
    assert all(f"`{name}`" in readme for name in secrets)


def test_every_manifest_is_in_the_kustomization() -> None:
    (kustomization,) = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    there = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == there


def test_the_image_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {container.image for container in (*composed(), *orchestrated())} == {f"judge-liaison:{version}"}


def test_the_image_installs_what_is_locked_and_copies_what_exists() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    assert "--require-hashes -r requirements.txt" in dockerfile
    copied = [word for line in re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE) for word in line.split()]
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name.rstrip('/')}" in allowed, name


def test_what_the_image_installs_holds_every_file_of_ours(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps")
    subprocess.run([*command, "--no-build-isolation", "--wheel-dir", tmp_path, ROOT], check=True, timeout=90)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        ["git", "ls-files", "liaison", "workflows", "activities", "calendars", "api", "worker.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {name for name in listed if (ROOT / name).exists()} <= set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("profile", ["default", "mtls", "api-key"])
def test_temporals_own_configuration_can_be_read(profile: str) -> None:
    """Strictly: a misspelt key is an error."""
    override = {"TEMPORAL_API_KEY": "from-a-secret"} if profile == "api-key" else {}
    loaded = ClientConfigProfile.load(
        profile=profile, config_source=DEPLOY / "temporal.toml", config_file_strict=True, override_env_vars=override
    )
    assert loaded.address and loaded.namespace == "judge-liaison"
    if profile == "mtls":
        tls = loaded.tls
        assert tls and tls.client_cert and tls.client_private_key and tls.server_root_ca_cert and tls.server_name
    elif profile == "api-key":
        assert loaded.api_key == "from-a-secret" and loaded.tls and not loaded.tls.disabled
        assert loaded.to_client_connect_config()["tls"]
    else:
        assert loaded.tls is None and loaded.api_key is None


def test_the_setup_script_can_be_read_by_a_shell() -> None:
    script = DEPLOY / "compose" / "temporal-schema.sh"
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert compose()["services"]["temporal-schema"]["volumes"] == [
        "./compose/temporal-schema.sh:/temporal-schema.sh:ro"
    ]


def test_temporals_helm_values_name_the_postgresql_stores() -> None:
    (values,) = documents(DEPLOY / "helm" / "temporal-values.yaml")
    assert values["server"]["config"].keys() == {"persistence"}, "where the chart reads the shards"
    persistence = values["server"]["config"]["persistence"]
    assert persistence["numHistoryShards"] == 512
    stores = persistence["datastores"]
    assert {name: store["sql"]["databaseName"] for name, store in stores.items()} == {
        "default": "temporal",
        "visibility": "temporal_visibility",
    }
    assert not any("password" in store["sql"] for store in stores.values()), "by reference only"
