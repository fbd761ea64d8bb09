"""``svcctl policy``: the rules in force, whether they can be used, how two of them differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.findings import count
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, reading_with
from svcctl.domain.problems import N_
from svcctl.views.findings import problem_lines
from svcctl.views.language import _, pattern, span, word
from svcctl.views.output import Column
from svcctl.views.render import render
from svcctl.views.safe import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svcctl.cli.session import Session
    from svcctl.desk.rules import Item
    from svcctl.domain.policy_changes import Change, Value
    from svcctl.domain.problems import Problem

# Rules are dated themselves, and are shown and checked where no record can be read.
_reading = reading_with(as_of=None, known=None, strict=None)

app = Noun(N_("The rules: which hold when, whether they can be used, how two differ."))

_POLICY = (
    Column("version", N_("version")),
    Column("since", N_("from")),
    Column("until", N_("until")),
    Column("path", N_("file")),
)
_RULES = (
    Column("what", N_("obligation")),
    Column("owner", N_("owner"), show="word"),
    Column("within", N_("within")),
    Column("for", N_("for"), width=40),
    Column("met", N_("met by"), width=50, spare=1),
    Column("severity", N_("severity"), show="word", spare=2),
)
_FINDING = (
    Column("path", N_("file")),
    Column("line", N_("line"), align="right"),
    Column("column", N_("column"), align="right"),
    Column("code", N_("code")),
    Column("severity", N_("severity"), show="word"),
    Column("message", N_("finding")),
)
_CHANGE = (
    Column("key", N_("key")),
    Column("how", N_("how"), show="word"),
    Column("old", N_("before")),
    Column("new", N_("after")),
)


@app.command("show", help=N_("The rules in force: every key, and what is owed by whom until when."))
@_reading
def show(
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="DATE", help=N_("Those in force on that day (default: now).")),
    ] = None,
    *,
    asked: Asked,
) -> None:
    """Show the rules."""
    from svcctl.desk.rules import shown

    run = asked.run
    desk = echo.open_desk()
    item = shown(desk, at)
    asked.problems = desk.rules_in_doubt()
    if asked.output == "table":
        run.print(_page(run, item))
    else:
        asked.emit("rules", [item], _POLICY)


def _page(run: Session, item: Item) -> str:
    values, rules = item["values"], item["obligations"]
    assert isinstance(values, dict)
    assert isinstance(rules, dict)
    if item["until"] is None:
        head = _("policy {version}, in force from {since} on")
    else:
        head = _("policy {version}, in force from {since} until {until}")
    lines = [run.paint(head.format_map({k: line(str(v)) for k, v in item.items()}), "bold")]
    lines += [line(str(item["path"])), ""]
    for key, value in values.items():
        if isinstance(value, dict):
            lines.append(_title(key) + _(": ").rstrip())
            lines += [f"  {_title(name)}{_(': ')}{_plain(part)}" for name, part in value.items()]
        elif value and key != "format":
            lines.append(f"{_title(key)}{_(': ')}{_plain(value)}")
    lines += ["", run.paint(_("What is owed"), "bold")]
    rows = [_row(name, rule) for name, rule in rules.items()]
    lines.append(render("rules", rows, _RULES, "table", terminal_width=run.width))
    return "\n".join(lines)


def _row(name: str, rule: dict[str, object]) -> Item:
    within = str(rule.get("within") or "")
    if within == "unlimited":
        told = _("without a time limit")
    elif within:
        told = span(within)
        if rule.get("clock") == "work":
            told = _("{span} of opening hours").format(span=told)
    elif rule.get("until"):
        told = _("until {field}").format(field=word(str(rule["until"]), "field"))
    else:
        told = _("no limit configured")
    return {
        "what": word(name),
        "owner": rule.get("owner", "coordinator"),
        "within": told,
        "for": _plain(rule.get("for") or _("every kind")),
        "met": _patterns(rule.get("met-by")),
        "severity": rule.get("severity", "error"),
    }


def _patterns(value: object) -> str:
    texts = value if isinstance(value, list) else [value]
    return line(_(", ").join(pattern(str(text)) for text in texts))


def _title(key: str) -> str:
    """What a key of a policy is called: its label, else the key."""
    return line(word(key, "rule"))


def _plain(value: object) -> str:
    """A value of a policy in words."""
    if isinstance(value, dict):
        return _("; ").join(
            f"{_title(name)}{_(': ')}{_plain(part)}" for name, part in value.items()
        )
    if isinstance(value, (list, tuple)):
        return line(_(", ").join(dict.fromkeys(word(str(part)) for part in value)))
    text = str(value)
    return line(span(text) if re.fullmatch(r"-?\d+(?:mo|[smhdy])", text) else word(text))


@app.command("check", help=N_("Every problem of the policies and calendars, or of one file."))
@reading_with(
    as_of=None,
    known=None,
    strict=(
        Annotated[
            bool, typer.Option("--strict", help=N_("Let warnings, too, end with exit code 1."))
        ],
        False,
    ),
)
def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="[FILE]", help=N_("A policy or calendar; no ledger is needed then.")
        ),
    ] = "",
    *,
    asked: Asked,
) -> None:
    """Check the rules."""
    from svcctl.desk import rules
    from svcctl.domain.checks.catalogue import severity_of

    run = asked.run
    # A warning found is the answer itself, which ends with 1 and not as a damaged record does.
    strict, asked.strict = asked.strict, False
    today = run.now().date()
    found = rules.check_file(file, today) if file else rules.check(echo.open_desk().ledger, today)
    errors = sum(severity_of(problem) == "error" for problem in found)
    if asked.output == "table":
        for problem in found:
            run.print(_told(run, problem))
        run.print(count(errors, len(found) - errors))
    else:
        items = [_finding(problem) for problem in found]
        if asked.output == "ids":
            items = list({str(item["id"]): item for item in items}.values())
        asked.emit("finding", items, _FINDING)
    if errors or (strict and found):
        raise typer.Exit(1)


def _told(run: Session, problem: Problem) -> str:
    from svcctl.domain.checks.catalogue import severity_of

    head, *rest = problem_lines(problem).split("\n")
    if severity_of(problem) == "warning":
        head = run.paint(_("{finding} (warning)").format(finding=head), "yellow")
    else:
        head = run.paint(head, "red")
    return "\n".join([head, *rest])


def _finding(problem: Problem) -> Item:
    from svcctl.views.findings import problem_item

    return {"id": problem.path, **problem_item(problem)}


@app.command("diff", help=N_("How two policies, or two calendars, differ, in words."))
@_reading
def diff(
    old: Annotated[
        str, typer.Argument(metavar="A", help=N_("A day, for the rules in force on it, or a file."))
    ],
    new: Annotated[str, typer.Argument(metavar="B", help=N_("Another day or file."))],
    *,
    asked: Asked,
) -> None:
    """Compare two policies."""
    from svcctl.desk import rules

    run = asked.run
    desk = None if rules.is_file(old) and rules.is_file(new) else echo.open_desk()
    two = [
        rules.of_file(typed) if desk is None or rules.is_file(typed) else rules.of_day(desk, typed)
        for typed in (old, new)
    ]
    found = rules.differences(*two)
    if asked.output != "table":
        items = [_change(change) for change in found]
        asked.emit("change", items, _CHANGE, id_key="key")
        return
    run.print(run.paint(f"{line(two[0].path)} → {line(two[1].path)}", "bold"))
    for text in _sentences(found):
        run.print(text)
    if not found:
        run.print(_("They say the same."))


def _change(change: Change) -> Item:
    return {
        "key": change.key,
        "obligation": change.part if change.section == "obligations" else None,
        "how": change.how,
        "old": change.old,
        "new": change.new,
    }


def _sentences(found: list[Change]) -> Iterator[str]:
    """Each difference as a sentence that names what it is about."""
    from svcctl.domain.policy_changes import WINDOWS

    for change in found:
        about = [_title(change.section)]
        if change.section == "obligations":
            about = [word(change.part)]
        elif change.part:
            about.append(_title(change.part))
        if change.word:
            about.append(_title(change.word))
        what = _(": ").join(about)
        if change.how == "added":
            text = _("+ {what}: {new}")
        elif change.how == "removed":
            text = _("- {what}: {old}")
        else:
            text = _("~ {what}: {old} → {new}")
        nothing = _("no windows") if change.section in WINDOWS else _("nothing")
        yield text.format(
            what=what, old=_said(change.old) or nothing, new=_said(change.new) or nothing
        )


def _said(value: Value | None) -> str:
    if not value:
        return ""
    if isinstance(value, str):
        return line(word(value))
    if any(": " in part for part in value):
        return _("; ").join(_clause(part) for part in value)
    return _plain(value)


def _clause(text: str) -> str:
    """A word of an obligation and what it says: ``within 2d``."""
    name, _colon, value = text.partition(": ")
    parts = re.split(r"(?<!,) (?![^(]*\))", value)
    if any("(" in part for part in parts) or name.endswith("-by") or name == "starts":
        return f"{_title(name)} {_patterns(parts)}"
    return f"{_title(name)} {_plain(parts)}"
