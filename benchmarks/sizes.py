"""How much is measured: small sizes end in about ten minutes, full ones are the demands'."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Numbers by what they count."""

    rounds: int
    intakes: int
    lives: int
    deadlines: int
    closed: tuple[int, ...]
    open: int
    replanned: tuple[int, int]
    """Open requests, and how many of them a closure moves."""
    messages: int
    """Short messages of a round."""
    callbacks: int


SMALL = Sizes(
    rounds=3,
    intakes=100,
    lives=60,
    deadlines=300,
    closed=(100_000,),
    open=300,
    replanned=(4_000, 600),
    messages=3_000,
    callbacks=300,
)
FULL = Sizes(
    rounds=5,
    intakes=1_000,
    lives=500,
    deadlines=1_000,
    closed=(100_000, 1_000_000),
    open=2_000,
    replanned=(20_000, 3_000),
    messages=20_000,
    callbacks=3_000,
)
