"""What an event says in one line: whoever wrote it, and whatever it gives as its reason."""

import pytest

from liaison.cli.views import event_line


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        ({"says": "dates moved", "because": ["notice 1", "notice 2"]}, "dates moved (notice 1; notice 2)"),
        ({"says": "dates moved", "because": []}, "dates moved"),
        ({"says": "a cancel was asked for and ignored"}, "a cancel was asked for and ignored"),
        ({"rung": 0, "post": "holder", "in_place_of": None}, "rung=0, post=holder"),
        ({}, ""),
    ],
)
def test_a_detail_in_a_line(detail: dict[str, object], line: str) -> None:
    assert event_line(detail) == line
