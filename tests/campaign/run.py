"""One script in a city of its own."""

import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.campaign.player import CampaignError, Player, read_people
from tests.campaign.script import Step, random_script
from tests.city import open_city, prepare_template

STEPS = 80


async def play_seed(seed: int, steps: int, template: Path | None = None) -> tuple[list[str], str]:
    """Play a seed's script; what each step came to, and the fault, empty if there is none."""
    start, script = random_script(seed, steps)
    return await play_script(start, script, template)


async def play_script(start: str, script: Sequence[Step], template: Path | None = None) -> tuple[list[str], str]:
    """Play a script that begins at the Shanghai time ``start``."""
    with tempfile.TemporaryDirectory() as folder:
        if template is None:
            template = Path(folder) / "template"
            await prepare_template(template)
        async with open_city(template, Path(folder) / "home", start) as city:
            player = Player(city, read_people())
            try:
                await player.play(script)
            except CampaignError as fault:
                return [start, *player.log], str(fault)
            except Exception:
                return [start, *player.log], traceback.format_exc()
        return [start, *player.log], ""
