"""How findings of an audit are told: as columns, as items, as lines, as counts. Looks for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, ngettext, say
from svcctl.views.output import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from svcctl.cli.session import Session
    from svcctl.desk.auditing import Audit
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


def item(problem: Problem) -> dict[str, object]:
    """A finding as machine output has it."""
    from svcctl.domain.checks.catalogue import severity_of
    from svcctl.views.findings import problem_item

    about = problem.subject or problem.path
    return {"id": about, **problem_item(problem), "severity": severity_of(problem)}


def once(items: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Each record that has findings, once."""
    return list({str(item["id"]): item for item in items}.values())


def shown(run: Session, desk: Desk, done: Audit) -> str:
    """Every finding as lines of text, each with a line end."""
    from svcctl.domain.checks.catalogue import severity_of
    from svcctl.views.findings import problem_lines

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
