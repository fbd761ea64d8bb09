"""``svcctl sync`` and the hidden ``merge-driver``: one book out of what several clones wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from svcctl.cli import echo
from svcctl.cli.manner import How, writing_with
from svcctl.cli.session import Session, session
from svcctl.domain.problems import N_, Message, NeedsPerson, Said, Usage
from svcctl.views.language import _, say, word
from svcctl.views.output import Column
from svcctl.views.safe import line

if TYPE_CHECKING:
    from svcctl.desk.syncing import Synced

_COLUMNS = (
    Column("id", N_("record")),
    Column("change", N_("change")),
    Column("from_here", N_("from here")),
    Column("from_there", N_("from there")),
)
_DISPUTED = (
    Column("id", N_("record")),
    Column("field", N_("field")),
    Column("here", N_("here")),
    Column("there", N_("there")),
    Column("why", N_("why")),
)


@writing_with(by=None, at=None, no_commit=None)
def sync(
    remote: Annotated[
        str,
        typer.Argument(
            metavar="[REMOTE]",
            help=N_("A configured remote, a path or a URL (default: the usual one, origin)."),
        ),
    ] = "",
    go_on: Annotated[
        bool,
        typer.Option("--continue", help=N_("Go on after a stop, with the copies as edited.")),
    ] = False,
    keep: Annotated[
        Literal["here", "there"] | None,
        typer.Option(
            "--keep", help=N_("With --continue: where nothing was decided, keep this side's value.")
        ),
    ] = None,
    *,
    how: How,
) -> None:
    """Bring this clone and the hub together."""
    from svcctl.desk.choices import Choices
    from svcctl.desk.syncing import sync

    if keep is not None and not go_on:
        raise Usage("keep-alone", Message(N_("--keep goes with --continue"), {}))
    run = session()
    desk = echo.open_desk()
    choices = Choices(desk.ledger.private, keep) if go_on else None
    try:
        done = sync(desk, remote or None, Path.cwd(), dry_run=how.dry_run, choices=choices)
    except NeedsPerson as stop:
        if stop.code == "sync-conflict":  # else the sentence itself names what is open
            _show_disputed(run, stop)
        if how.output != "table":
            at = desk.moment().isoformat()
            run.emit("disputed", disputed(stop), _DISPUTED, how.output, as_of=at)
        raise
    if how.output == "table":
        _show(run, done, how.dry_run)
    else:
        at = desk.moment().isoformat()
        run.emit("sync", items(done), _COLUMNS, how.output, as_of=at)
    echo.notices(run, done.notices)


def items(done: Synced) -> list[dict[str, object]]:
    """Return a sync's records as machine output has them."""
    new_ids = {one.old: one.new for one in done.new_ids}
    restored = dict(done.restored)
    return [
        {
            "id": _id(one.path),
            "path": one.path,
            "change": one.change,
            "from_here": list(one.here),
            "from_there": list(one.there),
            "renamed": {r.old.name: r.new.name for r in one.renamed},
            "contested": [c.value for c in one.contested],
            "restored": list(restored.get(one.path, ())),
            "new_id": new_ids.get(_id(one.path)),
            "decided": one.decided,
            "broken": one.path in done.broken,
        }
        for one in done.touched
    ]


def disputed(stop: NeedsPerson) -> list[dict[str, object]]:
    """Return what waits for a decision as machine output has it."""
    return [
        {
            "id": _id(one.path),
            "path": one.path,
            "field": one.field or None,
            "here": one.here or None,
            "there": one.there or None,
            "why": Said.of(one.why),
        }
        for one in stop.disputed
    ]


def _id(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


def _show(run: Session, done: Synced, dry_run: bool) -> None:
    received = [one for one in done.touched if one.change == "received"]
    sent = [one for one in done.touched if one.change == "sent"]
    both = [one for one in done.touched if one.change == "both"]
    if dry_run:
        run.tell(_("Dry run: nothing was written."))
    if not done.touched and done.sent:
        run.print(_("{remote}: nothing new on either side").format(remote=line(done.remote)))
    else:
        run.print(
            _(
                "{remote}: records: {received} from there, {sent} from here, {both} on both sides"
            ).format(
                remote=line(done.remote), received=len(received), sent=len(sent), both=len(both)
            )
        )
    for one in both:
        if one.decided:
            run.print(_("{id}: as you decided").format(id=_id(one.path)))
            continue
        if "erased" in (*one.here, *one.there):
            run.print(
                _("{id}: erased; nothing of what the other side has changed stays").format(
                    id=_id(one.path)
                )
            )
            continue
        run.print(
            _("{id}: both sides are kept: here {here}; there {there}").format(
                id=_id(one.path), here=_listed(one.here), there=_listed(one.there)
            )
        )
        for renamed in one.renamed:
            run.print(
                _("{id}: {old} of here is now {new}, since there is another {old}").format(
                    id=_id(one.path), old=renamed.old.name, new=renamed.new.name
                )
            )
    for new_id in done.new_ids:
        run.print(
            _("{old} of here is now {new}, since there is another {old}").format(
                old=new_id.old, new=new_id.new
            )
        )
        for follower in new_id.followers:
            run.print("  " + _("{id} follows it").format(id=_id(follower)))
    for path, events in done.restored:
        run.tell(
            _("{id}: had been taken out, and back again: {events}").format(
                id=_id(path), events=_listed(events)
            )
        )
    for path in done.broken:
        run.tell(_("{path} cannot be read; it was taken as it is").format(path=line(path)))
    _show_contested(run, done)


def _show_contested(run: Session, done: Synced) -> None:
    for one in done.touched:
        for contest in one.contested:
            run.print(
                _(
                    "{id}: {value} is contested: {applied} says {applied_text}, {other} says {other_text}"
                ).format(
                    id=_id(one.path),
                    value=word(contest.value, "field"),
                    applied=contest.applied,
                    applied_text=line(word(contest.applied_text)) or "-",
                    other=contest.other,
                    other_text=line(word(contest.other_text)) or "-",
                )
            )
        for applied, other in dict.fromkeys((c.applied, c.other) for c in one.contested):
            for way in _ways_out(one.path, applied, other):
                run.print(f"  {way}")


def _ways_out(path: str, applied: str, other: str) -> list[str]:
    """The commands that end a contest: a settlement, or in a journal the voiding of an amendment.

    One to a line, so that it can be taken as it stands: a bar between two would be the shell's.
    """
    from svcctl.ledger.folder import journal_kind

    kind = journal_kind(path)
    if kind is None:
        settle = _("svcctl ticket settle {id} --pick {pick} --reason …")
        return [settle.format(id=_id(path), pick=pick) for pick in (applied, other)]
    month = _id(path).partition(".")[0]
    void = _("svcctl {kind} void {entry} --reason …")
    return [void.format(kind=kind.name, entry=f"{month}/{one}") for one in (applied, other)]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(line, names)) or "-"


def _show_disputed(run: Session, stop: NeedsPerson) -> None:
    for one in stop.disputed:
        run.tell(_("{path}: {why}").format(path=line(one.path), why=say(one.why)))
        if one.field:
            run.tell(
                _("  {field}: here {here}, there {there}").format(
                    field=line(one.field), here=line(one.here) or "-", there=line(one.there) or "-"
                )
            )


def merge_driver(
    base: Annotated[str, typer.Argument(metavar="%O")],
    ours: Annotated[str, typer.Argument(metavar="%A")],
    theirs: Annotated[str, typer.Argument(metavar="%B")],
    path: Annotated[str, typer.Argument(metavar="%P")],
) -> None:
    """Merge one file for git."""
    from svcctl.desk.driving import merge_for_git

    problem = merge_for_git(Path(base), Path(ours), Path(theirs), path)
    if problem is not None:
        session().tell(_("{path}: {why}").format(path=line(path), why=say(problem)))
        raise typer.Exit(1)
