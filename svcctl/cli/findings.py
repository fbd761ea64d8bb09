"""How findings of an audit are told: as columns, as items, as lines, as counts. Looks for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, due, ngettext, say
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
    """Every finding as lines of text, each with a line end; then how many there are of each code.

    What was done late and cannot be mended stands first, with one remedy for all: what there is to
    do stands last, where a terminal shows it.
    """
    from svcctl.domain.checks.catalogue import MENDED_NO_MORE, is_over

    over = [problem for problem in done.findings if is_over(problem)]
    rest = [problem for problem in done.findings if not is_over(problem)]
    lines: list[str] = []
    if over:
        title = _("Late or never done, and over ({count}): {remedy}")
        lines.append(title.format(count=len(over), remedy=_(MENDED_NO_MORE)))
        # The remedy, or that there is none, is the same for all.
        lines += [line for problem in _with_lines(desk, over) for line in _lines(run, problem)[:-1]]
        lines.append("")
    if over and rest:
        lines.append(_("To be seen to ({count})").format(count=len(rest)))
    lines += one_by_one(run, desk, rest)
    if len(done.findings) > FEW:
        lines += ["", *_counts(done.findings)]
    return "".join(f"{line}\n" for line in lines)


def one_by_one(run: Session, desk: Desk, findings: Iterable[Problem]) -> list[str]:
    """Each finding with its place, the user's own line and what to do, as lines of text."""
    return [line for problem in _with_lines(desk, findings) for line in _lines(run, problem)]


FEW = 5
"""So many findings are counted at a glance."""


def _lines(run: Session, problem: Problem) -> list[str]:
    from svcctl.domain.checks.catalogue import severity_of
    from svcctl.views.findings import problem_lines

    head, *rest = problem_lines(spoken(problem)).split("\n")
    severity = severity_of(problem)
    if severity == "warning":
        head = _("{finding} (warning)").format(finding=head)
    return [run.paint(head, {"error": "red", "warning": "yellow"}[severity]), *rest]


def _counts(findings: Iterable[Problem]) -> list[str]:
    """A table: how many errors and warnings each code has, and of how many nothing can be done."""
    from svcctl.domain.checks.catalogue import CODES, is_over, severity_of
    from svcctl.views.tables import table

    counted: dict[str, dict[str, int]] = {}
    for problem in findings:
        row = counted.setdefault(problem.code, {"error": 0, "warning": 0, "over": 0})
        row[severity_of(problem)] += 1
        row["over"] += is_over(problem)
    items = [
        {"code": code, "title": _(CODES[code].title), **{k: n or None for k, n in row.items()}}
        for code, row in sorted(counted.items())
    ]
    return table(items, COUNTS, None, {}).splitlines()


COUNTS = (
    Column("code", N_("code")),
    Column("error", N_("errors"), align="right"),
    Column("warning", N_("warnings"), align="right"),
    Column("over", N_("of these over"), align="right"),
    Column("title", N_("finding")),
)


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
    shown = {**args, "due": due(args["due"])}
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
