"""Bringing this clone and another place together. Knows the order of steps; not how a record is merged.

    commit what is pending     under the ledger's lock
    fetch                      without it: nobody at this desk waits for the network
    merge, check, move on      under it
    push                       without it; again from the fetch where somebody was faster

Nothing is ever rebased or reset. Killed anywhere, the clone is as it was or as it shall be, and the next
command completes the step that was under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from svcctl.desk import byhand, syncstops
from svcctl.desk.choices import Choices
from svcctl.desk.desk import Desk
from svcctl.desk.writing import PATIENCE, Writing, identity
from svcctl.domain.problems import (
    N_,
    Busy,
    GitFailed,
    Message,
    Refusal,
    Said,
    Stop,
)
from svcctl.ledger import git, leftovers, posix, remote, syncapply
from svcctl.ledger.commit import Identity, Moved
from svcctl.ledger.folder import RECORDS, refuse_linked
from svcctl.ledger.git import GitDir
from svcctl.ledger.lineends import settle_line_ends
from svcctl.ledger.objects import Objects, differences, is_ancestor, merge_bases
from svcctl.ledger.remote import Remote
from svcctl.ledger.syncids import Scribe, give_new_ids
from svcctl.ledger.syncplan import NewId, Plan, Planner, Touched

TRIES = 10
"""How often a push is tried against others who push as well."""
LOCKED_TRIES = 7
"""How often where a lock stands at the other place: mostly it is gone with the next try."""


class Synced(NamedTuple):
    """What a sync did. ``sent``: whether the other place has everything now."""

    remote: str
    branch: str
    before: str
    after: str
    sent: bool
    touched: tuple[Touched, ...]
    new_ids: tuple[NewId, ...]
    restored: tuple[tuple[str, tuple[str, ...]], ...]
    broken: tuple[str, ...]
    notices: tuple[Message, ...]


class _Merged(NamedTuple):
    commit: str
    plan: Plan | None


def sync(
    desk: Desk,
    given: str | None,
    folder: Path,
    *,
    dry_run: bool = False,
    choices: Choices | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Synced:
    """Bring together what this clone and the remote have, and send it there.

    ``given`` is what was typed as remote, a path being seen from ``folder``; ``choices`` what a
    person decided about conflicts of an earlier try. Raises ``NeedsPerson`` where records conflict:
    then nothing has changed.
    """
    ledger = desk.ledger
    refuse_linked(ledger)
    gitdir = ledger.git
    if gitdir is None:
        raise GitFailed("no-repository", git.why_without_git())
    place = remote.find(gitdir, given, folder)
    if choices is not None:
        choices.read(gitdir)  # before the network is asked: is anything undecided?
    with ExitStack() as stack:
        if not dry_run:
            with posix.storage(ledger.private):
                posix.make_folders(ledger.private)
            stack.enter_context(posix.lock(ledger.private / "sync.lock", PATIENCE, ledger.waiting))
        return _Sync(desk, gitdir, place, dry_run, choices, pause).run()


class _Sync:
    def __init__(
        self,
        desk: Desk,
        gitdir: GitDir,
        place: Remote,
        dry_run: bool,
        choices: Choices | None,
        pause: Callable[[float], None],
    ) -> None:
        self.desk = desk
        self.gitdir = gitdir
        self.place = place
        self.dry_run = dry_run
        self.choices = choices
        self.pause = pause
        self.plans: list[Plan] = []
        self.notices: list[Message] = []

    def run(self) -> Synced:
        before = ""
        for attempt in range(TRIES):
            with Writing(self.desk, dry_run=self.dry_run, copied=True) as writing:
                writing.refuse_unfinished()
                self.notices += writing.notices
                before = before or self._head()
            theirs = remote.fetch(self.gitdir, self.place)
            syncstops.refuse_rewritten(self.gitdir, self.place, theirs)
            self._bring_large_files(theirs)
            merged = self._merge(theirs)
            if theirs is not None and self.place.name and not self.dry_run:
                remote.note_seen(self.gitdir, self.place, theirs)
            if self.dry_run:
                return self._told(before, merged.commit, merged.commit == theirs)
            if attempt == 0:
                self._settle_line_ends()
            if merged.commit == theirs or self._pushed(merged.commit, attempt):
                self._remember(merged.commit)
                return self._told(before, merged.commit, True)
            # Those who were refused come back at different moments.
            self.pause(0.05 * 2 ** min(attempt, 6) * (0.5 + time.monotonic_ns() % 1000 / 1000))
        raise Busy(
            "remote-busy",
            Message(
                N_("others sent to {remote} faster, {count} times in a row"),
                {"remote": self.place.where, "count": str(TRIES)},
            ),
            Message(N_("everything from there is merged here already; run svcctl sync again")),
        )

    def _bring_large_files(self, theirs: str | None) -> None:
        if theirs is None or self.dry_run or is_ancestor(self.gitdir, theirs, self._head()):
            return
        missing = remote.fetch_large_files(self.gitdir, self.place, theirs)
        if missing is not None and missing not in self.notices:
            self.notices.append(missing)

    def _pushed(self, commit: str, attempt: int) -> bool:
        try:
            if remote.push(self.gitdir, self.place, commit) != "done":
                return False
        except GitFailed as failed:
            if failed.code != "hub-locked" or attempt + 1 >= LOCKED_TRIES:
                raise
            return False
        remote.note_seen(self.gitdir, self.place, commit)
        return True

    def _remember(self, commit: str) -> None:
        """Let a first sync be the last for which the place had to be typed."""
        if remote.remember(self.gitdir, self.place, commit):
            self.notices.append(
                Message(
                    N_(
                        "{remote} is where this clone syncs from now on: svcctl sync alone is enough"
                    ),
                    {"remote": self.place.where},
                )
            )

    def _head(self) -> str:
        now = git.head(self.gitdir)
        if now is None:
            raise Refusal(
                "nothing-committed",
                Message(N_("this clone has no commit yet")),
                Message(N_("svcctl init makes the first one")),
            )
        return now

    def _merge(self, theirs: str | None) -> _Merged:
        with Writing(self.desk, dry_run=self.dry_run, copied=True) as writing:
            writing.refuse_unfinished()
            ours = self._head()
            if theirs is None or theirs == ours:
                if theirs is None and not self.plans:
                    self.plans.append(self._all_sent(ours))
                return _Merged(ours, None)
            bases = merge_bases(self.gitdir, ours, theirs)
            syncstops.refuse_stranger(self.place, bases)
            plan = self._planned(ours, theirs, bases)
            self.plans.append(plan)
            if self.dry_run:
                return _Merged(ours, plan)
            who = self._who()
            now = self.desk.moment()
            if theirs in bases and not plan.files:
                return _Merged(ours, plan)  # only to be sent
            if plan.like_theirs and ours in bases:
                new, what = theirs, f"sync: from {self.place.where}"
            else:
                what = f"{self.desk.station.desk or 'svcctl'} sync"
                text = self._commit_text(what, plan)
                parents = (ours,) if theirs in bases else (ours, theirs)
                new = syncapply.store_commit(self.gitdir, parents, plan.files, text, who, now)
            way = syncapply.UnderWay(ours, new, what)
            try:
                syncapply.move_to(self.gitdir, self.desk.ledger.private, way, who, now)
            except Moved as moved:
                raise Busy(
                    "branch-moved",
                    Message(N_("another program committed while the sync wrote")),
                    Message(N_("nothing is lost; run svcctl sync again")),
                ) from moved
            if self.choices is not None:
                self.choices.clear()
        self.desk.forget_index()
        return _Merged(new, plan)

    def _tell_what_is_not_committed(self) -> None:
        """Say what an editor changed: a sync sends commits alone, and leaves the rest as it is."""
        try:
            for pair in byhand.not_committed(self.desk.ledger, self.gitdir, self.desk.moment()):
                self.notices += pair
        except GitFailed as stop:  # what was sent is sent
            self.notices.append(stop.message)

    def _settle_line_ends(self) -> None:
        """Let files that another editor saved be here as git holds them for all others.

        Whatever hinders it is told and keeps nothing from being sent; a later sync does it.
        """
        from svcctl.ledger.index import with_foreign_line_ends

        try:
            paths = with_foreign_line_ends(self.desk.index)
            if paths:
                with Writing(self.desk, copied=True) as writing:
                    writing.refuse_unfinished()
                    settle_line_ends(self.gitdir, paths, self._who(), self.desk.moment())
                self.desk.forget_index()
        except (Stop, OSError) as trouble:
            if isinstance(trouble, Stop):
                reason: str = Said.of(trouble.message)
            else:
                reason = trouble.strerror or str(trouble)
            text = N_("line ends of another editor stay as they are for now: {reason}")
            self.notices.append(Message(text, {"reason": reason}))

    def _all_sent(self, ours: str) -> Plan:
        """Note everything that is here, for a place that has nothing yet."""
        plan = Plan()
        paths = sorted(differences(self.gitdir, None, ours))
        inside = [path.removeprefix(self.gitdir.prefix) for path in paths]
        plan.touched += [Touched(p, "sent") for p in inside if p.startswith(f"{RECORDS}/")]
        return plan

    def _planned(self, ours: str, theirs: str, bases: list[str]) -> Plan:
        chosen = self.choices.read(self.gitdir) if self.choices is not None else {}
        with Objects(self.gitdir) as objects:
            planner = Planner(self.gitdir, objects, (ours, theirs), bases, chosen)
            plan = planner.make()
            syncstops.refuse_deletions(self.gitdir, self.place, plan)
            kept = Choices(self.desk.ledger.private)
            syncstops.ask_a_person(self.gitdir, kept, plan, dry_run=self.dry_run)
            station = self.desk.station
            give_new_ids(planner, Scribe(station.desk, station.me, self.desk.moment()))
        return plan

    def _who(self) -> Identity:
        station = self.desk.station
        if station.me:
            return identity(self.desk, station.me)
        code = station.desk or "svcctl"
        return Identity(code, f"{code.lower()}@desk.invalid")

    def _commit_text(self, what: str, plan: Plan) -> str:
        lines = [what, ""]
        both = [one.path for one in plan.touched if one.change == "both"]
        lines += [f"changed on both sides: {_name(path)}" for path in both[:100]]
        lines += [f"new id: {one.old} here is now {one.new}" for one in plan.new_ids]
        return "\n".join(lines).rstrip("\n") + "\n"

    def _told(self, before: str, after: str, sent: bool) -> Synced:
        touched: dict[str, Touched] = {}
        for plan in self.plans:
            for one in plan.touched:
                known = touched.get(one.path)
                both = known is not None and "both" in (one.change, known.change)
                touched[one.path] = one._replace(change="both") if both else one
        if self.desk.station.copied and not self.dry_run:
            code = {"desk": self.desk.station.desk, "path": str(self.desk.ledger.root)}
            self.notices.append(
                Message(
                    N_(
                        "this clone was copied or restored, and is up to date now: it goes on as "
                        "desk {desk} with svcctl init {path} --desk {desk} if it is the only one left"
                    ),
                    code,
                )
            )
        self._tell_what_is_not_committed()
        if not self.dry_run:
            leftovers.forget_erased(self.desk.ledger)
        return Synced(
            self.place.where,
            self.place.branch,
            before,
            after,
            sent,
            tuple(touched[path] for path in sorted(touched)),
            tuple(one for plan in self.plans for one in plan.new_ids),
            tuple(one for plan in self.plans for one in plan.restored),
            tuple(dict.fromkeys(one for plan in self.plans for one in plan.broken)),
            tuple(self.notices),
        )


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")
