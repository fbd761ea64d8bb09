"""``svcctl undo`` and ``edit``: taking back the last line, changing a card in an editor."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.exits import code_of
from svcctl.cli.manner import How, writing
from svcctl.cli.session import session
from svcctl.domain.problems import N_, Message, Stop, Unreadable, Usage
from svcctl.views.language import _, say
from svcctl.views.safe import line

if TYPE_CHECKING:
    from svcctl.desk.correcting import Saved

NOUNS = ("customer", "unit", "staff", "policy")


@writing
def undo(
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help=N_("Why (default: written by mistake)."))
    ] = "",
    *,
    how: How,
) -> None:
    """Void this desk's last event."""
    from svcctl.desk.correcting import undo
    from svcctl.desk.tickets import Written

    desk = echo.open_desk()
    done = undo(desk, reason or _("written by mistake"), how.manner)
    if isinstance(done, Written):
        echo.written(desk, done, how.output, how.dry_run)
    else:
        echo.noted(desk, done, how.output, how.dry_run)


@writing
def edit(
    noun: Annotated[
        str, typer.Argument(metavar="customer|unit|staff|policy", help=N_("What to edit."))
    ],
    name: Annotated[
        str, typer.Argument(metavar="[ID]", help=N_("Its id; for a policy, the day it begins."))
    ] = "",
    *,
    how: How,
) -> None:
    """Edit a card in $EDITOR; what comes back is checked before it replaces."""
    from svcctl.desk.correcting import draft, save
    from svcctl.ledger.leftovers import edit_copy
    from svcctl.ledger.posix import storage

    if noun not in NOUNS:
        raise Usage(
            "no-such-noun",
            Message(N_("“{noun}” cannot be edited"), {"noun": noun}),
            Message(N_("known are: {known}"), {"known": ", ".join(NOUNS)}),
        )
    run = session()
    if not run.stdin_terminal and not (os.environ.get("VISUAL") or os.environ.get("EDITOR")):
        raise Usage(
            "no-editor",
            Message(N_("there is no terminal to edit in, and no EDITOR is set"), {}),
            Message(N_("set EDITOR, or change single fields with `set`"), {}),
        )
    desk = echo.open_desk()
    made = draft(desk, noun, name)
    copy = edit_copy(desk.ledger.private, made.name)
    with storage(copy):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(made.text)
    while True:
        _edit(copy)
        with storage(copy):
            fresh = copy.read_bytes() if copy.exists() else made.text
        if fresh == made.text:
            copy.unlink(missing_ok=True)
            run.tell(_("nothing was changed"))
            return
        try:
            saved = save(desk, made, fresh, how.manner)
        except (Usage, Unreadable) as stop:
            if run.stdin_terminal:
                _tell(stop)
                if run.confirm(_("Edit again?"), default=True):
                    continue
                run.tell(_("your text is kept in {path}").format(path=line(str(copy))))
                raise typer.Exit(code_of(stop)) from None
            run.tell(_("your text is kept in {path}").format(path=line(str(copy))))
            raise
        except Stop:
            run.tell(_("your text is kept in {path}").format(path=line(str(copy))))
            raise
        copy.unlink(missing_ok=True)
        _say_edited(saved, how)
        return


def _say_edited(saved: Saved, how: How) -> None:
    """Print what was changed: the path, the difference where nothing is written, or the item."""
    from svcctl.views.output import Column

    run = session()
    if how.output != "table":
        columns = [Column(key, key) for key in saved.item]
        run.emit(saved.noun, [saved.item], columns, how.output, as_of=saved.moment.isoformat())
    elif how.dry_run:
        run.tell(_("Dry run: nothing was written."))
        for text in saved.difference():
            run.print(line(text))
    else:
        run.print(saved.path)
    echo.notices(run, saved.outcome.notices)


def _tell(stop: Stop) -> None:
    run = session()
    run.tell(say(stop.message))
    if isinstance(stop, Unreadable):
        run.warn(stop.problems)


def _edit(copy: Path) -> None:
    import shlex

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        ended = subprocess.run([*shlex.split(editor), str(copy)], check=False)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise Usage(
            "no-editor",
            Message(
                N_("the editor {editor} cannot be started: {reason}"),
                {"editor": editor, "reason": reason or str(error)},
            ),
            Message(N_("set EDITOR to one you have"), {}),
        ) from None
    if ended.returncode != 0:
        raise Usage(
            "editor-failed",
            Message(
                N_("the editor ended with {code}; nothing was changed"),
                {"code": str(ended.returncode)},
            ),
        )
