"""``svcctl audit``: every finding about the ledger, each with its place, and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.findings import COLUMNS, count, item, once, shown
from svcctl.cli.manner import Asked, reading_with
from svcctl.domain.problems import N_
from svcctl.views.language import _, say

if TYPE_CHECKING:
    from svcctl.cli.session import Session
    from svcctl.desk.auditing import Audit, Auditor


@reading_with(
    strict=(
        Annotated[
            bool, typer.Option("--strict", help=N_("Let warnings, too, end with exit code 1."))
        ],
        False,
    ),
)
def audit(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="CODE",
            help=N_("Only findings of this code or family, such as E403 or E4. Repeatable."),
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE|COMMIT",
            help=N_(
                "Only about tickets opened, or with anything written down, since then; with "
                "--history: only what came after this commit."
            ),
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help=N_("Instead of the records, check that nothing was ever taken out of them."),
        ),
    ] = False,
    *,
    asked: Asked,
) -> None:
    """Check every record against the rules."""
    from svcctl.desk import auditing

    run, output, strict = asked.run, asked.output, asked.strict
    # Its own desk: what is wrong with records is the answer itself, and told once.
    desk = echo.open_desk()
    parts = auditing.parts(only or (), history, since)
    if parts.history:
        from svcctl.cli.audit_history import audit_history

        audit_history(asked, desk, parts, only or (), since)
        return
    desk.look_ahead(everything=True)
    auditor = auditing.Auditor(desk, asked.as_of, only or (), asked.known)
    whole = output == "table" and not only and since is None
    if whole and (known := _kept(run, auditor)) is not None:
        errors, warnings = known
        raise typer.Exit(1 if errors or (strict and warnings) else 0)
    done = auditor.audit(since)
    if output == "table":
        text = shown(run, desk, done)
        run.print(text + summary(done.count("error"), done.count("warning"), done))
        if whole:
            _keep(run, auditor, done, text)
    else:
        items = [item(problem) for problem in done.findings]
        if output == "ids":
            items = once(items)
        moment = done.as_of.isoformat() if done.as_of is not None else None
        run.emit("finding", items, COLUMNS, output, as_of=moment)
    for notice in done.notices:
        run.tell(run.paint(say(notice), "yellow"))
    if done.count("error") or (strict and done.findings):
        raise typer.Exit(1)


def _kept(run: Session, auditor: Auditor) -> tuple[int, int] | None:
    """Print what the last audit printed, if nothing changed since; the counts of both severities."""
    from svcctl.desk.auditing import Audit
    from svcctl.ledger.kept import kept

    state = auditor.state()
    known = kept(auditor.desk.ledger, _name(run, state)) if state is not None else None
    if known is None:
        return None
    head, _newline, text = known.partition("\n")
    errors, warnings, policy = head.split(" ", 2)
    last = Audit([], auditor.moment, policy)
    run.print(text + summary(int(errors), int(warnings), last))
    return int(errors), int(warnings)


def _keep(run: Session, auditor: Auditor, done: Audit, text: str) -> None:
    from svcctl.ledger.kept import keep

    state = auditor.state()
    if state is not None and not done.notices:
        head = f"{done.count('error')} {done.count('warning')} {done.policy}\n"
        keep(auditor.desk.ledger, _name(run, state), head + text)


def _name(run: Session, state: str) -> str:
    return f"{run.language} {run.colour} {state}"


def summary(errors: int, warnings: int, done: Audit) -> str:
    """One line: how many findings of each severity, by which policy, as of when."""
    counted = count(errors, warnings)
    if done.as_of is None or done.policy is None:
        return _("{counted} · the rules cannot be read, so deadlines were not checked").format(
            counted=counted
        )
    return _("{counted} · policy {version} · as of {moment}").format(
        counted=counted, version=done.policy, moment=done.as_of.strftime("%Y-%m-%d %H:%M")
    )
