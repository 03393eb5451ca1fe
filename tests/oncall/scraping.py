"""Reading ``/metrics`` of a running platform."""

import re

import httpx2

from tests.e2e.platform import Running

SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def scraped(platform: Running, process: str) -> str:
    """The page of the process ``API`` or ``WORKER``."""
    port = platform.environment[f"LIAISON_{process}_METRICS_PORT"]
    answer = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return answer.text


def names(page: str) -> set[str]:
    """Names of every sample."""
    return {name for name, _, _ in SAMPLE.findall(page)}


def without_values(page: str) -> str:
    """The page without its numbers, in whose digits anything may be found."""
    return SAMPLE.sub(lambda sample: sample[0].removesuffix(sample[3]), page)


def value(page: str, name: str, labels: str = "") -> float:
    """The one value of a sample; ``labels`` as the page writes them."""
    found = [float(number) for found, given, number in SAMPLE.findall(page) if (found, given) == (name, labels)]
    assert len(found) == 1, (name, labels, found)
    return found[0]
