"""``liaison doctor`` and ``liaison repair``: what is wrong on this machine, and mending a lost workflow."""

from dataclasses import asdict

import typer

from liaison.cli.book_checks import check_book
from liaison.cli.exits import Exit
from liaison.cli.findings import Verdict
from liaison.cli.host import load_running_settings, run
from liaison.cli.machine_checks import check_machine
from liaison.cli.output import Json, show_json, show_table


def doctor(json_: Json = False) -> None:
    """Look at everything the platform stands on; exit code 6 if something failed (host command)."""
    settings = load_running_settings()
    findings = [*check_machine(settings), *run(check_book(settings))]
    healthy = all(finding.verdict is not Verdict.FAILED for finding in findings)
    if json_:
        show_json({"healthy": healthy, "checks": [asdict(finding) for finding in findings]})
    else:
        show_table(("check", "verdict", "says"), [(f.check, f.verdict, f.says) for f in findings])
    if not healthy:
        raise typer.Exit(Exit.NOT_READY)
