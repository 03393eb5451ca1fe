"""H08: whatever is done to the city, in whatever order, and whichever part dies, the book is what the model says.

``make prove`` plays 10,000 steps. A failure names its seed; ``python -m tests.campaign SEED STEPS`` plays it again.
"""

import asyncio
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.campaign.run import STEPS, play_script, play_seed
from tests.campaign.script import NUMBERS, STARTS, WORDS, Step
from tests.scale import FULL, scaled

SEEDS = range(1, 1 + scaled(1, 125))
SMALL_STEPS = 20
NUMBER = st.integers(0, NUMBERS - 1)
SCRIPTS = st.lists(st.builds(Step, st.sampled_from(WORDS), NUMBER, NUMBER, NUMBER), min_size=5, max_size=20)
PHASES = [Phase.explicit, Phase.generate, *([Phase.shrink] if FULL else [])]
"""Making a failing script smaller takes minutes: worth it where there is time."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_platform_and_model_agree(template: Path, seed: int) -> None:
    steps = scaled(SMALL_STEPS, STEPS)
    log, fault = asyncio.run(play_seed(seed, steps, template))
    assert not fault, f"python -m tests.campaign {seed} {steps}\n{fault}\n" + "\n".join(log)
    # A script that happened to do nothing would prove nothing.
    assert sum(line.startswith("intake") and " -> " in line for line in log) > steps // 40


@pytest.mark.timeout(scaled(120, 3600))
@given(start=st.sampled_from(STARTS), script=SCRIPTS)
@settings(max_examples=scaled(2, 30), derandomize=True, deadline=None, database=None, phases=PHASES)
def test_scripts_of_hypothesis(template: Path, start: str, script: list[Step]) -> None:
    log, fault = asyncio.run(play_script(start, script, template))
    assert not fault, f"{fault}\n" + "\n".join(log)
