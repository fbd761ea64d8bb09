"""The layout of a help page, with lines measured as a terminal shows them. Knows no command.

The parser's own layout counts characters; Chinese ones take two columns and have no spaces to
break at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.safe import width
from svcctl.views.wrapping import wrap

Rows = Sequence[tuple[str, str]]
WIDEST_NAME = 30

STAND_INS = frozenset(
    (
        *(N_("OPTIONS"), N_("COMMAND"), N_("ARGS"), N_("ADDRESS"), N_("AMOUNT"), N_("CHANNEL")),
        *(N_("CODE"), N_("COPY"), N_("COVER"), N_("CUSTOMER"), N_("DATE"), N_("DIR"), N_("EVENT")),
        *(N_("FIELD"), N_("FILE"), N_("ID"), N_("KIND"), N_("NUMBER"), N_("OBLIGATION")),
        *(N_("OPINION"), N_("PAPER"), N_("REASON"), N_("RESULT"), N_("ROLE"), N_("SERIAL")),
        *(N_("SPAN"), N_("STAFF"), N_("STATE"), N_("TEXT"), N_("TIME"), N_("VALUE"), N_("WEEK")),
        *(N_("START"), N_("END"), N_("WITHIN"), N_("AT"), N_("FROM"), N_("TO"), N_("MONTH")),
    )
)
"""What stands in a usage line for what the user types; everything else is typed as it is shown."""


def usage(text: str) -> str:
    """A usage line, or an option with its value, with its stand-ins in the user's language."""
    return re.sub(r"[A-Z]+", lambda word: _(word[0]) if word[0] in STAND_INS else word[0], text)


def write_page(
    formatter: click.HelpFormatter,
    *,
    line: tuple[str, str],
    text: str,
    arguments: Rows,
    options: Rows,
    verbs: Rows,
) -> None:
    """Write the page into ``formatter``; empty sections are left out."""
    formatter.write_usage(*line, prefix=_("Usage:") + " ")
    if text:
        formatter.write("\n")
        for paragraph in text.split("\n\n"):
            lines = wrap(" ".join(paragraph.split()), formatter.width - 2)
            formatter.write("".join(f"  {part}\n" for part in lines))
    sections = ((_("Arguments:"), arguments), (_("Options:"), options), (_("Commands:"), verbs))
    for title, rows in sections:
        if rows:
            formatter.write(f"\n{title}\n")
            _write_rows(formatter, rows)


def _write_rows(formatter: click.HelpFormatter, rows: Rows) -> None:
    rows = [(usage(name), help_line) for name, help_line in rows]
    names = min(max(width(name) for name, _help in rows), WIDEST_NAME)
    for name, help_line in rows:
        lines = wrap(help_line, max(formatter.width - names - 4, 20))
        indent = "  " + " " * names + "  "
        if width(name) > names:
            formatter.write(f"  {name}\n")
        else:
            first = lines.pop(0) if lines else ""
            gap = " " * (names - width(name) + 2)
            formatter.write(f"  {name}{gap}{first}".rstrip() + "\n")
        formatter.write("".join(f"{indent}{line}\n" for line in lines))
