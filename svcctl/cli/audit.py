"""``svcctl audit``: every finding about the ledger, each with its place, and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.manner import Asked, reading_with
from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, ngettext, say
from svcctl.views.output import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from svcctl.cli.session import Session
    from svcctl.desk.auditing import Audit, Auditor
    from svcctl.desk.desk import Desk
    from svcctl.domain.problems import Problem

COLUMNS = (
    Column("path", N_("file")),
    Column("line", N_("line"), align="right"),
    Column("column", N_("column"), align="right"),
    Column("code", N_("code")),
    Column("severity", N_("severity"), show="word"),
    Column("subject", N_("record")),
    Column("message", N_("finding")),
)


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


def item(problem: Problem) -> dict[str, object]:
    """A finding as machine output has it."""
    from svcctl.domain.checks.catalogue import severity_of
    from svcctl.views.output import problem_item

    about = problem.subject or problem.path
    return {"id": about, **problem_item(problem), "severity": severity_of(problem)}


def once(items: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Each record that has findings, once."""
    return list({str(item["id"]): item for item in items}.values())


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


def shown(run: Session, desk: Desk, done: Audit) -> str:
    """Every finding as lines of text, each with a line end."""
    from svcctl.domain.checks.catalogue import severity_of
    from svcctl.views.safe import problem_lines

    colours = {"error": "red", "warning": "yellow"}
    lines: list[str] = []
    for problem in _with_lines(desk, done.findings):
        head, *rest = problem_lines(spoken(problem)).split("\n")
        severity = severity_of(problem)
        if severity == "warning":
            head = _("{finding} (warning)").format(finding=head)
        lines += [run.paint(head, colours[severity]), *rest]
    return "".join(f"{line}\n" for line in lines)


def _with_lines(desk: Desk, findings: Iterable[Problem]) -> Iterator[Problem]:
    """The findings with the user's own line where they have none yet."""
    from svcctl.ledger.examining import line_of

    for problem in findings:
        if problem.line and not problem.excerpt:
            problem = problem._replace(excerpt=line_of(desk.ledger, problem.path, problem.line))
        yield problem


def spoken(problem: Problem) -> Problem:
    """A finding about something owed, with the words of its places in the user's language."""
    args = problem.args
    if "outcome" not in args:
        return problem
    shown = {**args, "due": args["due"][:16].replace("T", " ")}
    shown["what"], shown["how"] = _what_and_how(args["what"], args["outcome"], args["gap"])
    return problem._replace(args=shown)


def _what_and_how(what: str, outcome: str, gap: str) -> tuple[str, str]:
    from svcctl.domain.checks.owed_rules import HOW
    from svcctl.views.language import word

    name, colon, number = what.partition(":")
    label = word(name) + (f" ({number})" if colon else "")
    return label, say(Message(HOW[outcome], {"gap": gap}))


def count(errors: int, warnings: int) -> str:
    """How many findings of each severity, in words."""
    return _("{errors}, {warnings}").format(
        errors=ngettext("{count} error", "{count} errors", errors).format(count=errors),
        warnings=ngettext("{count} warning", "{count} warnings", warnings).format(count=warnings),
    )


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
