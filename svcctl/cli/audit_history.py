"""``svcctl audit --history``: who took what out of the book, and whether this is still its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from svcctl.cli.findings import COLUMNS, count, item, once, shown
from svcctl.views.language import _, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svcctl.cli.manner import Asked
    from svcctl.desk.auditing import Parts
    from svcctl.desk.desk import Desk


def audit_history(
    asked: Asked, desk: Desk, parts: Parts, only: Sequence[str], since: str | None
) -> None:
    """Check the history, and where it was asked for the records too."""
    from svcctl.desk.auditing import Audit, Auditor, ordered, wanted_codes
    from svcctl.desk.keeping import audit_history

    run, output = asked.run, asked.output
    wanted = wanted_codes(only)
    done = audit_history(desk, since, note=parts.whole)
    findings, notices, moment = done.findings, done.notices, None
    if parts.records:
        records = Auditor(desk, asked.as_of, only).audit()
        findings = [*records.findings, *(one for one in findings if one not in records.findings)]
        notices = (*records.notices, *notices)
        moment = records.as_of.isoformat() if records.as_of is not None else None
    both = Audit(ordered(findings, wanted), None, None, notices)
    if output == "table":
        counted = count(both.count("error"), both.count("warning"))
        text = _("{counted} · history up to commit {commit}")
        run.print(shown(run, desk, both) + text.format(counted=counted, commit=done.head[:12]))
    else:
        items = [item(problem) for problem in both.findings]
        if output == "ids":
            items = once(items)
        run.emit("finding", items, COLUMNS, output, as_of=moment)
    for notice in both.notices:
        run.tell(run.paint(say(notice), "yellow"))
    if both.count("error") or (asked.strict and both.findings):
        raise typer.Exit(1)
