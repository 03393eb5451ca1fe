"""Scripts: steps of a word and three numbers, which mean something whatever has become of the city before them."""

from dataclasses import dataclass
from random import Random

WEIGHTS = {
    "intake": 14,
    "repeat_intake": 2,
    "reply": 13,
    "sign_in": 7,
    "transfer": 8,
    "give_back": 6,
    "withdraw": 3,
    "change_procedure": 8,
    "answer": 4,
    "supervise": 6,
    "signal_reply": 4,
    "signal_escalate": 4,
    "signal_garbage": 3,
    "pass_time": 14,
    "pass_to_limit": 12,
    "temporal_away": 3,
    "worker_down": 1,
    "kill_in_flight": 2,
    "lose_run": 2,
    "at_once": 5,
}
WORDS = tuple(WEIGHTS)
NUMBERS = 1_000


@dataclass(frozen=True)
class Step:
    """``word`` names what is done; of the numbers ``which`` chooses the request, ``who`` and ``what`` the rest."""

    word: str
    which: int
    who: int
    what: int

    def __str__(self) -> str:
        return f"{self.word} {self.which} {self.who} {self.what}"


def random_script(seed: int, steps: int) -> tuple[str, list[Step]]:
    """The Shanghai time at which the script begins, and its steps."""
    chance = Random(seed)
    start = chance.choice(STARTS)
    words = chance.choices(WORDS, weights=list(WEIGHTS.values()), k=steps)
    return start, [Step(word, *(chance.randrange(NUMBERS) for _ in range(3))) for word in words]


STARTS = (
    "2019-04-26 16:00",
    "2019-12-30 09:00",
    "2020-01-20 10:00",
    "2021-09-15 17:45",
    "2022-04-01 23:30",
    "2023-01-17 08:00",
    "2023-09-27 14:00",
    "2024-02-06 11:00",
    "2024-09-10 12:30",
    "2025-01-22 00:05",
    "2025-04-28 20:00",
    "2026-02-10 10:00",
    "2026-05-08 09:00",
    "2026-07-18 13:00",
    "2026-09-17 10:00",
)
"""Before holidays and make-up working days, on a plain week-end, in and out of working hours."""
