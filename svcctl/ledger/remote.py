"""How a clone speaks to a hub: fetch, push, clone. Knows git's words for what went wrong; no record."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple

from svcctl.domain.problems import N_, GitFailed, Message, NotFound, Refusal, Usage
from svcctl.ledger.commit import DURABLE
from svcctl.ledger.folder import RECORDS
from svcctl.ledger.git import GitDir, configure, failure, run, start

FETCHED = "refs/svcctl/fetched"
TRACKING = "refs/remotes"
BRANCH = "main"
"""The branch of a hub that ``svcctl hub init`` makes."""
SYNCED = "refs/svcctl/synced"
"""Below it, where a sync last was one with each branch of a remote; ``git fetch`` does not move it."""


class Remote(NamedTuple):
    """``where`` is what git takes: a configured name, or a place; ``name`` is "" for a place.

    ``branch`` is its branch that holds the book, ``tracking`` our note of where it last was ("" for a place).
    """

    where: str
    name: str
    branch: str

    @property
    def tracking(self) -> str:
        return f"{TRACKING}/{self.name}/{self.branch}" if self.name else ""

    @property
    def synced(self) -> str:
        """Our own note of what a sync last had from there or sent there ("" for a place)."""
        return f"{SYNCED}/{self.name}/{self.branch}" if self.name else ""


def find(gitdir: GitDir, given: str | None, folder: Path) -> Remote:
    """Return the remote that was named (a name, a URL, or a path seen from ``folder``), or the usual one.

    The usual one is that of the branch, else ``origin``, else the only one. Raises ``Refusal``
    where HEAD is no branch, ``NotFound`` where there is no remote.
    """
    out = _branch(gitdir)
    if not out:
        raise Refusal("no-branch", *_way_back(gitdir))
    names = _asked(gitdir, ["remote"]).split("\n")
    usual = _asked(gitdir, ["config", "--get", f"branch.{out}.remote"])
    merged = _asked(gitdir, ["config", "--get", f"branch.{out}.merge"])
    if given is None:
        given = next((n for n in (usual, "origin", names[0]) if n and n in names), None)
    if not given:
        raise NotFound(
            "no-remote",
            Message(N_("this clone knows no other place to sync with")),
            Message(N_("name one: svcctl sync PATH-OR-URL")),
        )
    if given.startswith("-"):
        raise Usage("bad-remote", Message(N_("“{remote}” is no remote"), {"remote": given}))
    branch = out
    if given == usual and merged.startswith("refs/heads/"):
        branch = merged.removeprefix("refs/heads/")
    if given in names:
        return Remote(given, given, branch)
    place = os.path.normpath(os.path.join(folder, os.path.expanduser(given)))
    return Remote(place if os.path.isdir(place) else given, "", branch)


def _branch(gitdir: GitDir) -> str:
    return _asked(gitdir, ["symbolic-ref", "--quiet", "--short", "HEAD"])


def off_branch(gitdir: GitDir) -> tuple[Message, Message] | None:
    """Return what to say, and to do, where HEAD is no branch; None where it is one."""
    return None if _branch(gitdir) else _way_back(gitdir)


def _way_back(gitdir: GitDir) -> tuple[Message, Message]:
    # What was committed there is on no branch: whoever only switches leaves it behind.
    names = _asked(gitdir, ["for-each-ref", "--format=%(refname:short)", "refs/heads"]).split("\n")
    branch = BRANCH if BRANCH in names or not names[0] else names[0]
    return (
        Message(N_("this clone is not on a branch (a commit was checked out by itself)")),
        Message(
            N_(
                "keep what was written here and go back: git branch -f {kept} && "
                "git switch {branch} && git merge --no-edit {kept}, then svcctl sync"
            ),
            {"kept": f"kept-{_asked(gitdir, ['rev-parse', 'HEAD'])[:12]}", "branch": branch},
        ),
    )


def _asked(gitdir: GitDir, words: list[str]) -> str:
    """What git answers, "" where it has no answer."""
    process = start(gitdir.top, words)
    out, err = process.communicate()
    if process.returncode not in (0, 1, 128):
        raise failure(words[0], process.returncode, err)
    return out.decode("utf-8", "surrogateescape").strip() if process.returncode == 0 else ""


def fetch(gitdir: GitDir, remote: Remote) -> str | None:
    """Bring what the remote has, durably; the id of its last commit, None where it has none yet.

    Nothing but a reference of our own moves. Raises GitFailed where it cannot be reached.
    """
    ref = f"{FETCHED}/{os.getpid()}"
    words = [*DURABLE, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"]
    words += ["--no-recurse-submodules", "--refmap=", "--", remote.where]
    process = start(gitdir.top, [*words, f"+refs/heads/{remote.branch}:{ref}"])
    _, err = process.communicate()
    if process.returncode != 0:
        if b"find remote ref" in err:
            return None
        raise _unreachable(remote, err)
    out = run(gitdir.top, ["rev-parse", "--verify", ref]).decode("ascii").strip()
    run(gitdir.top, ["update-ref", "-d", ref])
    return out


def last_seen(gitdir: GitDir, remote: Remote) -> dict[str, str]:
    """Return the commits that the remote was last seen at, by our references to them; {} for a place.

    What a sync had from there, and what git fetched.
    """
    if not remote.name:
        return {}
    words = ["for-each-ref", "--format=%(refname) %(objectname)", remote.synced, remote.tracking]
    lines = run(gitdir.top, words).decode("utf-8", "surrogateescape").splitlines()
    found = dict(line.split(" ", 1) for line in lines)
    return {ref: found[ref] for ref in (remote.synced, remote.tracking) if ref in found}


def note_seen(gitdir: GitDir, remote: Remote, commit: str) -> None:
    """Note that a sync had ``commit`` from the remote, or sent it there."""
    if remote.name:
        orders = "".join(f"update {ref} {commit}\n" for ref in (remote.tracking, remote.synced))
        words = ["update-ref", "-m", "svcctl: sync", "--stdin"]
        run(gitdir.top, [*DURABLE, *words], orders.encode("utf-8", "surrogateescape"))


def remember(gitdir: GitDir, remote: Remote, commit: str) -> bool:
    """Make a place that was named by its path or URL ``origin``, if the clone has no remote yet.

    Returns whether it was done. ``commit`` is where it was seen.
    """
    if remote.name or _asked(gitdir, ["remote"]):
        return False
    fetched = f"+refs/heads/*:{TRACKING}/origin/*"
    settings = [("remote.origin.url", remote.where), ("remote.origin.fetch", fetched)]
    own = _asked(gitdir, ["symbolic-ref", "--quiet", "--short", "HEAD"])
    if own and not _asked(gitdir, ["config", "--get", f"branch.{own}.remote"]):
        # So that git pull and git push alone know where, too.
        settings.append((f"branch.{own}.remote", "origin"))
        settings.append((f"branch.{own}.merge", f"refs/heads/{remote.branch}"))
    configure(gitdir.path, settings)
    note_seen(gitdir, remote._replace(name="origin"), commit)
    return True


Pushed = Literal["done", "behind"]


def push(gitdir: GitDir, remote: Remote, commit: str) -> Pushed:
    """Send ``commit`` to the remote's branch, which only moves forward.

    ``behind``: somebody else was faster. Raises Refusal with the hub's own words where its rules
    say no, GitFailed where it cannot be reached or (``hub-locked``) another git holds it.
    """
    _send_large_files(gitdir, remote)
    words = [*DURABLE, "push", "--porcelain", "--no-verify", "--no-follow-tags", "--", remote.where]
    process = start(gitdir.top, [*words, f"{commit}:refs/heads/{remote.branch}"])
    out, err = process.communicate()
    if process.returncode == 0:
        return "done"
    told = out.decode("utf-8", "replace") + err.decode("utf-8", "replace")
    if "hook declined" in told:
        raise _refused(gitdir, remote, err)
    if "currently checked out" in told:
        raise Refusal(
            "not-a-hub",
            Message(
                N_("{remote} is a clone in which somebody works; nothing is sent into it"),
                {"remote": remote.where},
            ),
            Message(N_("make a hub where stations meet: svcctl hub init DIR")),
        )
    locked = _LOCKED.search(told)
    if locked:
        raise GitFailed(
            "hub-locked",
            Message(
                N_("{remote} takes nothing: {file} stands there"),
                {"remote": remote.where, "file": os.path.normpath(locked["file"])},
            ),
            Message(
                N_(
                    "somebody else is sending; if nobody is, a git was killed there, and who looks "
                    "after {remote} deletes that file. Nothing is lost: then svcctl sync again"
                ),
                {"remote": remote.where},
            ),
        )
    if _FASTER.search(told):
        return "behind"
    raise _unreachable(remote, err)


_LOCKED = re.compile(r"Unable to create '(?P<file>[^']*\.lock)': File exists")


def _send_large_files(gitdir: GitDir, remote: Remote) -> None:
    """Send what git-lfs keeps beside git, where the ledger is set up so: git's own hook does not run here.

    Before the commits, so that nobody has a pointer to what is nowhere else.
    """
    told = _lfs(gitdir, "HEAD", ["push", _for_lfs(remote), "HEAD"])
    if told is not None:
        raise GitFailed(
            "attachments-not-sent",
            Message(
                N_("git lfs does not send the attachments to {remote}: {line}"),
                {"remote": remote.where, "line": told},
            ),
            Message(
                N_(
                    "nothing is lost and nothing was sent; install git-lfs and run git lfs install "
                    "here if it is missing, then svcctl sync again"
                )
            ),
        )


def fetch_large_files(gitdir: GitDir, remote: Remote, commit: str) -> Message | None:
    """Bring what git-lfs keeps beside git, before files are written; why it did not come, or None.

    Without it a pointer stands in the file's place, which the audit names.
    """
    told = _lfs(gitdir, commit, ["fetch", _for_lfs(remote), commit])
    if told is None:
        return None
    return Message(
        N_("git lfs did not bring all attachments: {line}; later: git lfs pull"), {"line": told}
    )


def _for_lfs(remote: Remote) -> str:
    return f"file://{remote.where}" if os.path.isabs(remote.where) else remote.where


def _lfs(gitdir: GitDir, commit: str, words: list[str]) -> str | None:
    """Run git-lfs where the ledger's attributes name it, here or in ``commit``, which may bring them.

    Returns the line with which it failed, or None.
    """
    path = f"{RECORDS}/.gitattributes"
    try:
        here = (gitdir.root / path).read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        here = ""
    if "filter=lfs" not in here and "filter=lfs" not in _asked(
        gitdir, ["cat-file", "blob", f"{commit}:{gitdir.prefix}{path}"]
    ):
        return None
    process = start(gitdir.top, ["lfs", *words])
    out, err = process.communicate()
    if process.returncode == 0:
        return None
    return (err + out).decode("utf-8", "replace").strip().partition("\n")[0] or "-"


# What git says when the branch moved between our look at it and our push.
_FASTER = re.compile(
    r"\[rejected\]|\(fetch first\)|non-fast-forward|cannot lock ref|failed to update ref|"
    r"reference already exists|incorrect old value|\[remote rejected\].*(?:lock|update)"
)


def _refused(gitdir: GitDir, remote: Remote, err: bytes) -> Refusal:
    """The hub's reasons, as its hook told them, and what to do about them here."""
    lines = [
        line.removeprefix("remote:").strip()
        for line in err.decode("utf-8", "replace").split("\n")
        if line.startswith("remote:")
    ]
    reasons = " · ".join(line for line in lines if line) or "-"
    remedy = Message(
        N_("everything is kept here; put right what it names, commit, then svcctl sync again")
    )
    # The hook's words may be in another language; the reference stands at their beginning in all.
    branch = re.compile(re.escape(f"refs/heads/{remote.branch}") + r"(?![\w./-])")
    book = _branch_there(gitdir, remote)
    if book != remote.branch and any(map(branch.match, lines)):
        remedy = Message(
            N_(
                "everything is kept here; the hub's branch has another name than this clone's: "
                "git branch -m {book}, then svcctl sync again"
            ),
            {"book": book},
        )
        if _asked(gitdir, ["for-each-ref", f"refs/heads/{book}"]):
            remedy = Message(
                N_(
                    "everything is kept here, on a side branch. Bring it to the one of the hub: "
                    "git switch {book} && git merge {branch}, then svcctl sync again"
                ),
                {"book": book, "branch": remote.branch},
            )
    return Refusal(
        "hub-refused",
        Message(N_("the hub does not take it: {reasons}"), {"reasons": reasons}),
        remedy,
    )


def _branch_there(gitdir: GitDir, remote: Remote) -> str:
    """The branch that the hub's HEAD names; of an empty one, which does not say, what ``hub init`` gives."""
    told = _asked(gitdir, ["ls-remote", "--symref", "--", remote.where, "HEAD"])
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", told)
    return found[1] if found else BRANCH


def _unreachable(remote: Remote, err: bytes) -> GitFailed:
    lines = [line.strip() for line in err.decode("utf-8", "replace").split("\n") if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))] or lines
    return GitFailed(
        "remote-unreachable",
        Message(
            N_("{remote} cannot be reached: {line}"),
            {"remote": remote.where, "line": told[0] if told else "-"},
        ),
        Message(N_("nothing is lost: work on, and run svcctl sync again when it can be reached")),
    )


def clone(source: str, folder: Path) -> None:
    """Clone ``source`` into ``folder``, which must be empty or not be there; durably, files and settings too.

    Raises GitFailed, StorageFailed.
    """
    from svcctl.ledger import posix
    from svcctl.ledger.batch import flush

    if os.path.isdir(os.path.expanduser(source)):
        source = os.path.abspath(os.path.expanduser(source))
    words = [*DURABLE, "clone", "--quiet", "--no-tags", "--template=", "--origin=origin"]
    words += ["--", source, str(folder)]
    process = start(folder.parent, words)
    _, err = process.communicate()
    if process.returncode != 0:
        raise _unreachable(Remote(source, "", ""), err)
    with posix.storage(folder):  # git flushes its objects and branches alone
        flush(folder)
        posix.sync_folder(folder.parent)
