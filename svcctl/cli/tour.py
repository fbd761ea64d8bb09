"""The tour of the demonstration: the main job's commands, each shown and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svcctl.cli.session import session
from svcctl.views.language import _

if TYPE_CHECKING:
    from svcctl.desk.demo import Made


def tour(folder: str, made: Made) -> None:
    """Run the main job's reading commands on the ledger just made, each under its own heading."""
    show = session()
    name = _program()
    slip = f"{folder}/slip-{made.slip}.html"
    tongue = ["--lang", show.language] if show.language_asked else []
    steps = (
        (_("What the coordinator sees in the morning"), ["today"]),
        (_("The callbacks to be made"), ["callbacks", "due"]),
        (
            _("A repair slip, to print"),
            ["slip", "print", made.slip, "--paper", "A5", "--out", slip],
        ),
        (_("What the rules say was not done"), ["audit"]),
        (_("The weekly summary"), ["report", "weekly"]),
    )
    for title, words in steps:
        show.print("")
        show.print(show.paint(f"— {title}", "bold"))
        show.print(f"$ {name} --ledger {folder} {' '.join(words)}")
        show.run(["--ledger", folder, *tongue, *words])
    show.print("")
    show.print(show.paint(_("— To try next"), "bold"))
    for hint, command in (
        (_("open the slip in a browser"), slip),
        (_("one ticket, every line"), f"{name} --ledger {folder} ticket show {made.slip}"),
        (_("why something is owed"), f"{name} --ledger {folder} why {made.slip}"),
        (
            _("the summary as a page"),
            f"{name} --ledger {folder} report weekly --format html --out week.html",
        ),
        (_("how git saw it"), f"git -C {folder} log --stat | head"),
        (_("your own ledger"), f"{name} init my-ledger --desk SHA"),
    ):
        show.print(f"  {hint}: {command}")


def _program() -> str:
    """What to type for this program: its name where the shell finds it, else the path it was run by."""
    import shutil
    import sys

    called = sys.argv[0]
    own = called.rpartition("/")[2] == "svcctl"
    return called if own and shutil.which("svcctl") is None else "svcctl"
