"""``python -m api.openapi`` prints the API's description, as ``docs/openapi.json`` keeps it."""

import json
import sys
from typing import NoReturn

from api.app import create_app


def main() -> None:
    """Print the description of this program's API as JSON."""
    sys.stdout.write(description_text())


def description_text() -> str:
    """The description as the text of a file, the same at every run."""
    return json.dumps(create_app(_never_opened, show_openapi=False).openapi(), ensure_ascii=False, indent=2) + "\n"


def _never_opened() -> NoReturn:
    raise AssertionError("a description needs no platform")


if __name__ == "__main__":
    main()
