"""Making a ledger, and making a clone a desk of one. Knows what a new ledger contains."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from svcctl.desk import driving
from svcctl.desk.desk import Desk
from svcctl.desk.writing import NOT_SETTLED, PATIENCE
from svcctl.domain import identity
from svcctl.domain.problems import N_, GitFailed, Message, NotFound, Refusal, Said, Stop, Usage
from svcctl.domain.times import format_instant
from svcctl.ledger import cardfile, commit, git, posix, remote
from svcctl.ledger.folder import RECORDS, Ledger, expanded, refuse_linked
from svcctl.ledger.pending import Pending, settle
from svcctl.ledger.waiting import Waiting

ATTRIBUTES = "*.yaml text eol=lf merge=svcctl\n*.md text eol=lf\nattachments/** -text -merge\n"


class Made(NamedTuple):
    """What ``init`` did: the ledger, the files it wrote, what to know besides."""

    ledger: Ledger
    desk: str
    written: tuple[str, ...]
    notices: tuple[Message, ...]


def shipped(name: str) -> bytes:
    """Return a file that a new ledger starts with: ``policy.yaml`` or ``calendar.yaml``."""
    return files("svcctl").joinpath("shipped", name).read_bytes()


def init(
    folder: Path,
    code: str,
    clock: Callable[[], datetime],
    commit_it: bool = True,
    dry_run: bool = False,
    waiting: Waiting | None = None,
) -> Made:
    """Make ``folder`` a ledger with the desk ``code``, or register this clone of one as that desk.

    What is there already is left alone; a dry run only says what it would write. Raises ``Usage`` for a bad code, ``Refusal`` where this
    clone already is another desk.
    """
    code = _checked_code(code)
    notices: list[Message] = []
    root = expanded(folder)
    if dry_run:
        ledger = Ledger(root.resolve())
        if ledger.root.is_dir():  # else nothing can stand in the way yet
            refuse_linked(ledger)
            _check_station(ledger, code)
        return Made(ledger, code, tuple(_first_files(ledger, code, clock())), ())
    with posix.storage(root):
        posix.make_folders(root)
        root = root.resolve()
    refuse_linked(Ledger(root))
    if commit_it and git.program() is not None:
        driving.arm(git.init(root))
    elif git.program() is None:
        notices.append(git.why_without_git())
    ledger = Ledger(root, waiting)
    _check_station(ledger, code)
    notices += _catch_up(ledger, code, clock)
    with posix.storage(ledger.private):
        posix.make_folders(ledger.private)
    with posix.lock(ledger.private / "lock", PATIENCE, waiting):
        now = clock()
        for inside in ("", "policy", "calendar", "desks"):  # what a killed ``init`` left there
            posix.sweep(root / RECORDS / inside)
        new = _first_files(ledger, code, now)
        author = commit.Identity(code, f"{code.lower()}@desk.invalid")
        committing = commit_it and ledger.git is not None and bool(new)
        if committing and ledger.git is not None:
            Pending(ledger.git).note(tuple(new), f"desk {code}", author, now)
        for path, data in new.items():
            posix.create(root / path, data)
        ledger.note_station(code, ledger.station().me)
        if committing and ledger.git is not None:
            try:
                settle(ledger.git)
            except NOT_SETTLED as trouble:
                reason = (
                    Said.of(trouble.message)
                    if isinstance(trouble, Stop)
                    else trouble.strerror or str(trouble)
                )
                notices.append(
                    Message(N_("written, but not committed: {reason}"), {"reason": reason})
                )
    return Made(ledger, code, tuple(new), tuple(notices))


def _checked_code(code: str) -> str:
    code = identity.normalise(code)
    if identity.DESK.fullmatch(code) is None:
        raise Usage(
            "bad-desk",
            Message(N_("“{code}” is no desk code"), {"code": code}),
            Message(N_("two to four capital letters without I and O, such as SHA or BJA"), {}),
        )
    return code


def station(
    source: str,
    folder: Path,
    code: str,
    clock: Callable[[], datetime],
    take_over: bool = False,
    dry_run: bool = False,
    waiting: Waiting | None = None,
) -> Made:
    """Clone the ledger at ``source`` into ``folder`` and register it as the desk ``code``.

    ``take_over``: the desk is registered already, and this clone replaces the one that was it.
    What was cloned is taken away again where the desk is refused, or nothing is there yet. Raises ``Refusal``, ``GitFailed``.
    """
    code = _checked_code(code)
    root = expanded(folder).absolute()
    with posix.storage(root):
        if not dry_run:
            posix.make_folders(root.parent)
        fresh = not root.exists() or not os.listdir(root)
    if not fresh and not _is_clone_of(root, source):
        raise Refusal(
            "not-empty",
            Message(N_("{path} is not empty"), {"path": str(root)}),
            Message(N_("choose another folder for the station")),
        )
    if dry_run:
        return Made(Ledger(root.absolute()), code, (f"{RECORDS}/desks/{code}.yaml",), ())
    if fresh:
        remote.clone(source, root)
    known = Ledger(root.resolve())
    _refuse_nothing_there(known, source, fresh)
    if code in known.names("desks") and not known.station().desk and not take_over:
        if fresh:
            shutil.rmtree(root)
        raise Refusal(
            "desk-is-taken",
            Message(N_("{desk} is a desk of this ledger already"), {"desk": code}),
            Message(
                N_(
                    "choose another code, or add --take-over where this computer replaces the one "
                    "that was {desk}"
                ),
                {"desk": code},
            ),
        )
    return init(root, code, clock, waiting=waiting)


def _refuse_nothing_there(known: Ledger, source: str, fresh: bool) -> None:
    """Refuse a place whose branch has no commit: a station made of it would found another ledger."""
    if known.git is None or git.head(known.git) is not None:
        return
    words = ["symbolic-ref", "--short", "HEAD"]
    branch = git.run(known.git.top, words).decode("utf-8", "surrogateescape").strip()
    book = f"refs/remotes/origin/{remote.BRANCH}"
    begun = git.run(known.git.top, ["for-each-ref", "--format=%(refname)", book]).strip()
    if fresh:
        shutil.rmtree(known.root)
    if begun:  # a repository that git made with another first branch than the stations have
        raise Refusal(
            "nothing-to-clone",
            Message(
                N_(
                    "{remote} has a ledger on {book}, but names its branch {branch}, which is empty"
                ),
                {"remote": source, "book": remote.BRANCH, "branch": branch},
            ),
            Message(
                N_(
                    "who looks after it mends that on its computer: svcctl hub init DIR; then the "
                    "same command again, into an empty folder"
                )
            ),
        )
    raise Refusal(
        "nothing-to-clone",
        Message(
            N_("{remote} holds no ledger yet: its branch {branch} has no commit"),
            {"remote": source, "branch": branch},
        ),
        Message(
            N_(
                "the first station sends the ledger there, in its own folder: svcctl sync {remote}; "
                "then the same command again, into an empty folder. A first station is made with "
                "svcctl init DIR --desk CODE"
            ),
            {"remote": source},
        ),
    )


def _is_clone_of(root: Path, source: str) -> bool:
    """Whether an earlier try that was killed left a clone there."""
    gitdir = git.discover(root)
    if gitdir is None or gitdir.top != root.resolve():
        return False
    words = ["config", "--local", "--default", "", "--get", "remote.origin.url"]
    url = git.run(gitdir.top, words).decode("utf-8", "surrogateescape").strip()
    return url in (source, os.path.abspath(os.path.expanduser(source)))


def _catch_up(ledger: Ledger, code: str, clock: Callable[[], datetime]) -> tuple[Message, ...]:
    """Let a copied or restored clone that goes on as the same desk learn first what that desk sent.

    Else it would give numbers out again that are in use.
    """
    station = ledger.station()
    if not station.copied or station.desk != code or ledger.git is None:
        return ()
    from svcctl.desk.syncing import sync

    try:
        return sync(Desk(ledger, clock), None, ledger.root).notices[:0]
    except NotFound:
        return ()
    except GitFailed as trouble:
        reason = Said.of(trouble.message)
        return (
            Message(
                N_("what this desk may have sent since the copy is not known: {reason}"),
                {"reason": reason},
            ),
        )


def _check_station(ledger: Ledger, code: str) -> None:
    station = ledger.station()
    if station.desk and station.desk != code and not station.copied:
        raise Refusal(
            "is-another-desk",
            Message(N_("this clone already writes as desk {desk}"), {"desk": station.desk}),
            Message(
                N_(
                    "another desk needs a clone of its own: git clone, then svcctl init --desk {code}"
                ),
                {"code": code},
            ),
        )


def _first_files(ledger: Ledger, code: str, now: datetime) -> dict[str, bytes]:
    """Return the files that are still missing, by path."""
    new: dict[str, bytes] = {}
    if not ledger.names("policy"):
        new[f"{RECORDS}/policy/{now.year}-01-01.yaml"] = shipped("policy.yaml")
    if not ledger.names("calendar"):
        new[f"{RECORDS}/calendar/CN.yaml"] = shipped("calendar.yaml")
    if not (ledger.root / RECORDS / ".gitattributes").exists():
        new[f"{RECORDS}/.gitattributes"] = ATTRIBUTES.encode()
    if code not in ledger.names("desks"):
        from svcctl.domain.times import zone

        registered = now.astimezone(zone("Asia/Shanghai")).replace(microsecond=0)
        fields = {"format": "1", "id": code, "registered": format_instant(registered)}
        new[f"{RECORDS}/desks/{code}.yaml"] = cardfile.card_text(fields)
    return new


def sit(desk: Desk, name: str) -> str:
    """Note who sits at this desk; return the person's id. Raises ``NotFound``."""
    card = desk.staff(name)
    desk.ledger.note_station(desk.desk_code(), card.id)
    return card.id
