"""``svcctl explain`` and ``why``: what a code of the audit means, and why something is owed when it is.

A code's example is played: what is shown is what the audit says of it, in the user's language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli.completion import complete_code, complete_measure, complete_owed, complete_ticket
from svcctl.cli.manner import Asked, reading, reading_with
from svcctl.cli.options import Week
from svcctl.domain.problems import N_, Message, Usage
from svcctl.views.language import _, say, word
from svcctl.views.output import Column

if TYPE_CHECKING:
    from svcctl.cli.session import Session
    from svcctl.desk.counted import Counted
    from svcctl.domain.checks.catalogue import Code

_COLUMNS = (
    Column("code", N_("code")),
    Column("severity", N_("severity"), show="word"),
    Column("title", N_("title")),
)


@reading_with(as_of=None, known=None, strict=None)
def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="[CODE]",
            help=N_("A code of a finding, such as E403; without it, all are listed."),
            autocompletion=complete_code,
        ),
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help=N_("Explain every code, as a Markdown document."))
    ] = False,
    *,
    asked: Asked,
) -> None:
    """Explain a code, or list all."""
    from svcctl.desk.playing import code_named
    from svcctl.domain.checks.catalogue import CODES

    run = asked.run
    if everything:
        run.print(document(run))
    elif code and asked.output == "table":
        run.print(explained(run, code_named(code)))
    else:
        codes = [code_named(code)] if code else list(CODES.values())
        items = [_item(one, asked.output) for one in codes]
        asked.emit("code", items, _COLUMNS, id_key="code")


def _item(code: Code, output: str) -> dict[str, object]:
    """A code as an item; its texts are English in machine output and translated in a table."""
    from svcctl.domain.checks.examples import EXAMPLES

    title = _(code.title) if output == "table" else code.title
    return {
        "code": code.code,
        "severity": code.severity,
        "title": title,
        "meaning": EXAMPLES[code.code].meaning,
        "message": code.message,
        "remedy": code.remedy,
    }


def explained(run: Session, code: Code) -> str:
    """One code for people: what it is, what it means, an example, what to do."""
    from svcctl.domain.checks.examples import EXAMPLES

    changed, found = played(run, code.code)
    return "\n".join(
        (
            run.paint(f"{code.code}  {_(code.title)}", "bold") + f"  ({word(code.severity)})",
            "",
            *_wrapped(_(EXAMPLES[code.code].meaning)),
            "",
            _("An example: this differs from a ledger in which all is well,"),
            "",
            *(f"    {line}" for line in changed),
            "",
            _("and `svcctl audit` says:"),
            "",
            *(f"    {line}" for line in found),
            "",
            _("Remedy: {remedy}").format(remedy=_places(_(code.remedy))),
        )
    )


def document(run: Session) -> str:
    """Every code as a Markdown document."""
    from svcctl.domain.checks.catalogue import FAMILIES
    from svcctl.domain.checks.examples import EXAMPLES

    run.colour = False
    lines = [
        "# " + _("What the audit finds"),
        "",
        *_wrapped(
            _(
                "Each finding has a code. The examples are executed: each differs in one place from "
                "a small ledger in which all is well, and what the audit says of it is printed below "
                "it. This page is made by `svcctl explain --all`; the tests make it again and compare."
            )
        ),
        "",
    ]
    for family, codes in FAMILIES.items():
        lines += [f"## {family}: {_(TITLES[family])}", ""]
        lines += [f"* [{code}](#{code.lower()}): {_(entry[1])}" for code, entry in codes.items()]
        lines.append("")
        for code in codes:
            lines += _section(run, code)
    assert len(EXAMPLES) == sum(map(len, FAMILIES.values()))
    return "\n".join(lines)


TITLES = {
    "E1": N_("bytes and YAML"),
    "E2": N_("what a record may say"),
    "E3": N_("identity and references"),
    "E4": N_("rules of service"),
    "E5": N_("what was written down is kept"),
}


def _section(run: Session, name: str) -> list[str]:
    from svcctl.domain.checks.catalogue import CODES
    from svcctl.domain.checks.examples import EXAMPLES

    code = CODES[name]
    changed, found = played(run, name)
    return [
        f"### {name}",
        "",
        f"**{_(code.title)}** ({word(code.severity)})",
        "",
        *_wrapped(_(EXAMPLES[name].meaning)),
        "",
        "```diff",
        *changed,
        "```",
        "",
        "```text",
        *found,
        "```",
        "",
        _("Remedy: {remedy}").format(remedy=_places(_(code.remedy))),
        "",
    ]


def played(run: Session, code: str) -> tuple[list[str], list[str]]:
    """What the example of ``code`` changes, and what the audit says of it, as harmless lines."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from svcctl.cli.findings import one_by_one
    from svcctl.desk import playing
    from svcctl.domain.checks.examples import EXAMPLES
    from svcctl.views.safe import line

    example = EXAMPLES[code]
    with TemporaryDirectory(prefix="svcctl-") as folder:
        desk, done = playing.audit(example, Path(folder))
        found = one_by_one(run, desk, done.findings)
    return [line(text) for text in playing.difference(example)], found


def _places(template: str) -> str:
    """A template with its places in capitals, as in the usage of a command."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda place: place[1].upper(), template)


def _wrapped(text: str) -> list[str]:
    """``text`` in lines of readable length; Chinese text has no blanks to break at and stays whole."""
    from textwrap import wrap

    return wrap(text, 96, break_long_words=False, break_on_hyphens=False)


@reading
def why(
    ticket: Annotated[
        str,
        typer.Argument(
            metavar="[ID]",
            help=N_("The ticket: its id, or any unambiguous tail of it."),
            autocompletion=complete_ticket,
        ),
    ] = "",
    obligation: Annotated[
        str,
        typer.Argument(
            metavar="[OBLIGATION]",
            help=N_("One obligation, such as slip, or slip:2 for the second visit."),
            autocompletion=complete_owed,
        ),
    ] = "",
    measure: Annotated[
        str,
        typer.Option(
            "--measure",
            metavar="MEASURE",
            help=N_("Instead of a ticket: what a measure of the weekly summary counted."),
            autocompletion=complete_measure,
        ),
    ] = "",
    week: Week = None,
    *,
    asked: Asked,
) -> None:
    """Explain when something is owed, or what a measure counted."""
    from svcctl.desk.explaining import unknown_years, why

    if bool(ticket) == bool(measure) or (week and not measure):
        raise Usage(
            "ticket-or-measure",
            Message(N_("either a ticket or a measure is explained"), {}),
            Message(
                N_(
                    "svcctl why ID [OBLIGATION], or svcctl why --measure satisfaction --week 2026-W47"
                ),
                {},
            ),
        )
    if measure:
        _measure(asked, measure, week)
        return
    identifier, found = why(asked.view, ticket, obligation)
    asked.overdue = any(explained.item["state"] == "missed" for explained in found)
    asked.problems = [*asked.problems, *unknown_years(asked.view, found)]
    if asked.output != "table":
        items = [{"ticket": identifier, **explained.item} for explained in found]
        asked.emit("obligation", items, _OWED, id_key="kind")
        return
    run = asked.run
    colours = {"missed": "red", "late": "yellow"}
    lines = [run.paint(identifier, "bold")]
    for explained in found:
        name, colon, number = explained.name.partition(":")
        standing = explained.item["state"]
        head = f"{word(name)}{f' ({number})' if colon else ''}: {word(standing)}"
        lines += ["", run.paint(head, colours.get(standing, "bold"))]
        lines += [f"  {_step(step)}" for step in explained.steps]
    if not found:
        lines.append(_("nothing is or was owed on this ticket"))
    run.print("\n".join(lines))


def _measure(asked: Asked, measure: str, week: str | None) -> None:
    """Print what a measure counted: its tickets, each in the numerator or not."""
    from svcctl.desk.counted import counted

    found = counted(asked.view, measure, week)
    items = found.items
    if asked.output == "table":
        asked.run.print(asked.run.paint(_counted_head(found), "bold"))
        apart = not all(item["among"] or item["beside"] for item in items)
        for item in items:
            item["counts"] = _YES[item["counts"]]
            item["among"] = _YES[item["among"]] if apart and not item["beside"] else ""
            # An obligation that is called as the measure says nothing new.
            own = item["what"] in (None, item["measure"])
            item["what"] = "" if own else word(item["what"], _WHAT.get(item["measure"], ""))
    asked.emit("counted", items, _COUNTED, id_key="id")


_WHAT = {"satisfaction": "opinion", "response": "opinion", "rework": "do", "closed": "state"}
_YES = {True: "yes", False: "no", None: ""}


def _counted_head(found: Counted) -> str:
    """The measure with its numbers, as the weekly summary has them."""
    if found.numerator is not None:
        return _("{measure} in {week}: {kept} of {count}").format(
            measure=found.title, week=found.week, kept=found.numerator, count=found.denominator
        )
    if found.median is None:
        return _("{measure} in {week}: {count} counted").format(
            measure=found.title, week=found.week, count=found.denominator
        )
    from svcctl.views.figures import duration_text

    return _("{measure} in {week}: {count} counted, median {time}").format(
        measure=found.title,
        week=found.week,
        count=found.denominator,
        time=duration_text(found.median),
    )


_COUNTED = (
    Column("id", N_("ticket")),
    Column("name", N_("customer"), width=20, spare=1, least=8),
    Column("what", N_("what"), spare=1, least=12, wrap=True),
    Column("engineer", N_("engineer"), show="person", spare=3),
    Column("since", N_("since"), show="time", spare=5),
    Column("due", N_("due"), show="due", spare=1),
    Column("done", N_("done"), show="time", spare=1),
    Column("counts", N_("numerator"), show="word", spare=1),
    Column("among", N_("denominator"), show="word", spare=1),
    Column("beside", N_("beside it"), show="word", spare=2),
    Column("seconds", N_("took"), align="right", show="seconds", spare=4),
)


def _step(step: Message) -> str:
    """A step in the user's language, the words in it too."""
    args = dict(step.args)
    for name, field in (("do", "do"), ("owner", "")):
        if name in args:
            args[name] = word(args[name], field)  # “paid” is an event here, and a cover there
    if "weekday" in args:
        args["weekday"] = _(args["weekday"])
    return say(step._replace(args=args))


_OWED = (
    Column("ticket", N_("ticket")),
    Column("kind", N_("obligation"), show="word"),
    Column("number", N_("number")),
    Column("owner", N_("owner"), show="word"),
    Column("who", N_("who")),
    Column("starts", N_("starts")),
    Column("due", N_("due")),
    Column("met", N_("met")),
    Column("state", N_("state"), show="word"),
    Column("rule", N_("rule")),
    Column("policy", N_("policy")),
    Column("line", N_("line")),
)
