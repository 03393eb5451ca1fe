"""The files of ``deploy/`` as tests see them: containers with their commands, variables, ports and probes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
IMAGE: Final = "judge-liaison"


@dataclass(frozen=True)
class Container:
    """One container of ours, wherever it is described."""

    name: str
    replicas: int
    image: str
    command: tuple[str, ...]
    variables: dict[str, str]
    user: str
    ports: frozenset[int] = frozenset()
    probes: tuple[str, ...] = field(default=())


def documents(path: Path) -> list[Any]:
    """Every YAML document of a file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def yaml_files() -> list[Path]:
    """Every YAML file under ``deploy/``."""
    return sorted([*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")])


def compose() -> dict[str, Any]:
    """The compose file."""
    (content,) = documents(DEPLOY / "compose.yaml")
    return dict(content)


def manifests(kind: str) -> list[dict[str, Any]]:
    """Our Kubernetes objects of one kind."""
    found = [document for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for document in documents(path)]
    return [document for document in found if document["kind"] == kind]


def images() -> Iterator[str]:
    """Every image that is named, those of others included."""
    yield from (service["image"] for service in compose()["services"].values())
    yield from (container["image"] for _, container in _pods())
    for line in (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("FROM "):
            yield line.split()[1]


def composed() -> list[Container]:
    """Ours in the compose file."""
    ours = {name: s for name, s in compose()["services"].items() if s["image"].startswith(f"{IMAGE}:")}
    return [
        Container(
            name=name,
            replicas=service.get("deploy", {}).get("replicas", 1),
            image=service["image"],
            command=tuple(service["command"]),
            variables=dict(service["environment"]),
            user=service["user"],
            ports=frozenset(int(port.rpartition(":")[2]) for port in service.get("ports", ())),
            probes=tuple(service.get("healthcheck", {}).get("test", ())),
        )
        for name, service in ours.items()
    ]


def orchestrated() -> list[Container]:
    """Ours in the Kubernetes manifests; values out of secrets show as ``<secret>/<key>``."""
    (settings,) = manifests("ConfigMap")
    return [_orchestrated(workload, container, settings["data"]) for workload, container in _pods()]


def _orchestrated(workload: dict[str, Any], container: dict[str, Any], shared: dict[str, str]) -> Container:
    security = workload["spec"]["template"]["spec"]["securityContext"]
    probes = [container.get(name, {}).get("httpGet") for name in ("livenessProbe", "readinessProbe")]
    return Container(
        name=container["name"],
        replicas=workload["spec"].get("replicas", 1),
        image=container["image"],
        command=tuple(container["command"]),
        variables=shared | {each["name"]: _value(each) for each in container["env"]},
        user=f"{security['runAsUser']}:{security['runAsGroup']}",
        ports=frozenset(port["containerPort"] for port in container.get("ports", ())),
        probes=tuple(probe["path"] for probe in probes if probe),
    )


def _value(variable: dict[str, Any]) -> str:
    if "value" in variable:
        return str(variable["value"])
    secret = variable["valueFrom"]["secretKeyRef"]
    return f"{secret['name']}/{secret['key']}"


def _pods() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for workload in (*manifests("Deployment"), *manifests("Job")):
        pod = workload["spec"]["template"]["spec"]
        yield from ((workload, container) for container in (*pod.get("initContainers", ()), *pod["containers"]))
