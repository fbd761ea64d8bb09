"""``svcctl hub``: make the place where stations meet; and what git asks it there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from svcctl.cli.lazy import Noun
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _, say
from svcctl.views.safe import line

app = Noun(N_("The place where the stations meet."))


@app.command("init", help=N_("Make a folder a hub: it takes nothing that breaks the book."))
def init(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help=N_("An empty folder, or a hub to renew."))
    ],
) -> None:
    """Make a bare repository with a hook that checks what is pushed."""
    from svcctl.desk.hub import init

    run = session()
    root = init(Path(folder))
    run.print(_("hub {path}").format(path=line(str(root))))
    run.tell(
        _(
            "next: in the first clone svcctl sync {path}; "
            "further stations with svcctl init --from {path} --desk CODE"
        ).format(path=line(str(root)))
    )


@app.command("receive", hidden=True)
def receive() -> None:
    """Answer git's pre-receive hook: exit 1 and the reasons on stderr, or nothing."""
    from svcctl.desk.hub import receive

    run = session()
    refused = False
    for reason in receive(Path.cwd(), sys.stdin, run.clock):
        refused = True
        run.tell(line(say(reason)))
    if refused:
        raise typer.Exit(1)
