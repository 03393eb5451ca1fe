"""Doing many things with so many in flight, and what it took."""

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil


@dataclass
class Round:
    """One side's round: ``latencies`` in seconds, ``seconds`` for all, CPU seconds by process."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Things done per second."""
        return len(self.latencies) / self.seconds

    def cpu_each(self, name: str) -> float:
        """CPU milliseconds a thing cost a process."""
        return 1000 * self.cpu[name] / len(self.latencies)


async def run(number: int, in_flight: int, one: Callable[[int], Awaitable[object]]) -> Round:
    """Do ``number`` things, ``in_flight`` at a time; ``one`` is told which of the callers it is."""
    done, left = Round(), iter(range(number))

    async def caller(place: int) -> None:
        for _ in left:
            began = time.perf_counter()
            await one(place)
            done.latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as callers:
        for place in range(in_flight):
            callers.create_task(caller(place))
    done.seconds = time.perf_counter() - began
    return done


@contextmanager
def cpu_of(processes: dict[str, psutil.Process], used: dict[str, float]) -> Iterator[None]:
    """Put the CPU seconds each process uses during the block into ``used``."""
    before = {name: _cpu(process) for name, process in processes.items()}
    yield
    used |= {name: _cpu(process) - before[name] for name, process in processes.items()}


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    """The middle one of what the rounds gave."""
    return statistics.median(map(of, rounds))
