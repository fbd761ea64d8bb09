"""Why a sync stops before it changes anything, and what a person does then. Knows plans; moves nothing."""

from __future__ import annotations

from svcctl.desk.choices import Choices
from svcctl.domain.problems import N_, Disputed, Message, NeedsPerson, Refusal
from svcctl.ledger import remote
from svcctl.ledger.git import GitDir
from svcctl.ledger.objects import is_ancestor
from svcctl.ledger.remote import Remote
from svcctl.ledger.syncplan import Plan


def refuse_rewritten(gitdir: GitDir, place: Remote, theirs: str | None) -> None:
    """Refuse what lacks a commit that was seen there before: somebody rewrote the history."""
    lacking = {
        ref: seen
        for ref, seen in remote.last_seen(gitdir, place).items()
        if theirs is None or not is_ancestor(gitdir, seen, theirs)
    }
    if not lacking:
        return
    seen = next(iter(lacking.values()))
    raise Refusal(
        "history-rewritten",
        Message(
            N_("{remote} no longer has the commit {commit}, which was seen there before"),
            {"remote": place.where, "commit": seen[:12]},
        ),
        Message(
            N_(
                "somebody rewrote or lost its history: nothing was merged. Ask who keeps it; "
                "this clone still has everything. If it was restored from a backup on purpose: "
                "git update-ref -d {ref}, then sync again"
            ),
            {"ref": "; git update-ref -d ".join(lacking)},
        ),
    )


def refuse_stranger(place: Remote, bases: list[str]) -> None:
    """Refuse another ledger: one that has no commit in common with this."""
    if not bases:
        raise Refusal(
            "unrelated",
            Message(
                N_("{remote} holds another ledger: it has no commit in common with this"),
                {"remote": place.where},
            ),
            Message(N_("a station is made with svcctl init --from REMOTE --desk CODE")),
        )


def refuse_deletions(gitdir: GitDir, place: Remote, plan: Plan) -> None:
    """Refuse a merge by which records would be gone."""
    if not plan.deleted:
        return
    shown = ", ".join(path for path, _ in plan.deleted[:5])
    more = len(plan.deleted) - 5
    if more > 0:
        shown += f" (+{more})"
    where = {side for _, side in plan.deleted}
    if "here" in where:
        text = N_("here somebody deleted {paths}: records are not deleted by a sync")
        remedy = N_("restore it: git checkout {commit} -- {path}, commit, then sync again")
        commit = next(iter(remote.last_seen(gitdir, place).values()), "HEAD~1")
    else:
        text = N_("at {remote} somebody deleted {paths}: records are not deleted by a sync")
        remedy = N_(
            "who deleted it restores it there (git log -- {path} names who); nothing was merged"
        )
        commit = ""
    raise Refusal(
        "would-delete-records",
        Message(text, {"paths": shown, "remote": place.where}),
        Message(remedy, {"path": plan.deleted[0][0], "commit": commit[:12]}),
    )


def ask_a_person(gitdir: GitDir, kept: Choices, plan: Plan, *, dry_run: bool) -> None:
    """Stop where records conflict: copies to be edited are laid down in the folder of ``kept``."""
    if not plan.conflicts:
        return
    if not dry_run:
        kept.offer(plan)
    told = _conflict_text(plan, kept, gitdir)
    raise NeedsPerson("sync-conflict", *told, _disputed(plan, gitdir))


def _disputed(plan: Plan, gitdir: GitDir) -> tuple[Disputed, ...]:
    found = []
    for path, conflict in plan.conflicts.items():
        record = path.removeprefix(gitdir.prefix)
        found += [
            Disputed(record, conflict.why, ".".join(one.key), _shown(one.other), _shown(one.pushed))
            for one in conflict.fields
        ] or [Disputed(record, conflict.why)]
    return tuple(found)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _conflict_text(plan: Plan, kept: Choices, gitdir: GitDir) -> tuple[Message, Message]:
    paths = list(plan.conflicts)
    shown = ", ".join(path.removeprefix(gitdir.prefix) for path in paths[:5])
    if len(paths) > 5:
        shown += f" (+{len(paths) - 5})"
    return (
        Message(
            N_("records that need a decision ({count}): {paths}"),
            {"count": str(len(paths)), "paths": shown},
        ),
        Message(
            N_(
                "edit the copies in {folder} until no marker is left, then svcctl sync --continue; "
                "or take one side for all: svcctl sync --continue --keep here (or there). "
                "Until then everything here works as before"
            ),
            {"folder": str(kept.folder)},
        ),
    )
