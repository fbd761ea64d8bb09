"""How to find git and ask it. Knows repositories, paths and git's own words; not what a record is.

Git is run as a program, in an environment of its own: every ``GIT_*`` variable of the caller is
dropped (a hook or an alias may have set them for another repository), messages are in English so
that they can be recognised, nobody is asked for a password, and no hook or file monitor runs.
Settings of the user that would change what is stored or seen are overridden on each call.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from svcctl.domain.problems import N_, GitFailed, Message

Process = subprocess.Popen[bytes]

# What a person's own configuration must not decide: hooks, background monitors, line endings
# other than those the ledger's .gitattributes name, and marking files as never to be looked at.
SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.autocrlf", "false"),
    ("core.safecrlf", "false"),
    ("core.ignoreStat", "false"),
    ("core.attributesFile", os.devnull),
    ("status.showUntrackedFiles", "normal"),
)
OPTIONS = ("--no-pager", *(w for s in SETTINGS for w in ("-c", "=".join(s))))

# How git reaches a remote is the caller's affair and cannot change what is recorded.
KEPT = frozenset(
    "GIT_EXEC_PATH GIT_SSH GIT_SSH_COMMAND GIT_SSH_VARIANT GIT_ASKPASS "
    "GIT_SSL_CAINFO GIT_SSL_CAPATH GIT_SSL_NO_VERIFY".split()
)

OBJECT_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


class GitDir(NamedTuple):
    """A ledger inside a git work tree.

    ``root`` is the ledger's folder, ``top`` the work tree's, ``path`` the git directory (``.git``,
    or where a ``.git`` file points). ``prefix`` leads from ``top`` to ``root``: "" or "a/b/".
    ``linked``: an additional work tree (``git worktree add``), in which nothing is written.
    """

    root: Path
    top: Path
    path: Path
    prefix: str
    linked: bool


def program() -> str | None:
    """Where the git program is, or None when PATH holds none."""
    from shutil import which

    return which("git")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what would make git act differently, plus ``extra``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in KEPT}
    kept.update(
        LC_ALL="C",
        GIT_TERMINAL_PROMPT="0",
        GIT_OPTIONAL_LOCKS="0",
        GIT_ATTR_NOSYSTEM="1",
        GIT_LITERAL_PATHSPECS="1",
        GIT_NO_REPLACE_OBJECTS="1",
    )
    if extra:
        kept.update(extra)
    return kept


def start(
    folder: Path,
    args: Sequence[str],
    extra: Mapping[str, str] | None = None,
    *,
    fed: bool = False,
) -> Process:
    """Start ``git args`` in ``folder``; ``fed``: its standard input is a pipe, else it is empty.

    Raises GitFailed when there is no git program or the folder cannot be entered.
    """
    try:
        return subprocess.Popen(
            ["git", *OPTIONS, *args],
            cwd=folder,
            env=environment(extra),
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        if program() is None:
            raise GitFailed("git-absent", NOT_INSTALLED, INSTALL_IT) from error
        raise GitFailed(
            "git-failed",
            Message(
                N_("git cannot be run in {folder}: {reason}"),
                {"folder": str(folder), "reason": error.strerror or str(error)},
            ),
        ) from error


def finish(process: Process, what: str, input: bytes | None = None) -> tuple[bytes, bytes]:
    """Wait for ``process``; its output and its error output. Raises GitFailed naming ``what``."""
    out, err = process.communicate(input)
    if process.returncode != 0:
        raise failure(what, process.returncode, err)
    return out, err


def run(
    root: Path,
    args: Sequence[str],
    input: bytes | None = None,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """What ``git args`` prints when run in ``root``. Raises GitFailed with git's own line."""
    process = start(root, args, extra, fed=input is not None)
    return finish(process, _what(args), input)[0]


def _what(args: Sequence[str]) -> str:
    """Git's own name for what is asked of it: the first word that is no ``-c`` and no setting."""
    before = ("", *args)
    return next(word for word, last in zip(args, before, strict=False) if "-c" not in (word, last))


def failure(what: str, returncode: int, err: bytes) -> GitFailed:
    """Git's error output as a GitFailed: a stable code, git's own line, and what to do."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    line = told[0].rstrip(".") if told else f"exit {returncode}"
    message = Message(N_("git {what} failed: {line}"), {"what": what, "line": line})
    for code, pattern, remedy in REMEDIES:
        found = pattern.search("\n".join(lines))
        if found:
            return GitFailed(code, message, Message(remedy, found.groupdict()))
    return GitFailed("git-failed", message)


NOT_INSTALLED = Message(N_("the git program is not on this machine's PATH"))
INSTALL_IT = Message(N_("install git 2.36 or newer, or put its folder into PATH"))
REMEDIES = (
    (
        "git-unsafe-directory",
        re.compile(r"dubious ownership in repository at '(?P<folder>[^']*)'"),
        N_(
            "the folder belongs to another user; if you trust it: "
            "git config --global --add safe.directory {folder}"
        ),
    ),
    (
        "git-locked",
        re.compile(r"[Uu]nable to (?:create|lock).*?'(?P<file>[^']*\.lock)'.*?File exists"),
        N_("another git command is at work; if none is, delete {file}"),
    ),
    (
        "git-disk-full",
        re.compile(r"No space left on device|Disk quota exceeded"),
        N_("make room on the disk; the next writing command commits what is pending"),
    ),
    (
        "git-read-only",
        re.compile(r"Permission denied|insufficient permission|Read-only file system"),
        N_("give yourself permission to write in the git directory"),
    ),
    (
        "git-missing-object",
        re.compile(r"bad object|bad revision|unable to read tree|not a (?:tree|commit) object"),
        N_("run 'git fsck': a shallow or damaged clone lacks part of the history"),
    ),
)


def discover(root: Path) -> GitDir | None:
    """The repository that holds the ledger at ``root``, found without running git.

    None when no ancestor is a work tree on the same file system, or there is no git program:
    ``why_without_git`` tells which. Whether git accepts the repository (its owner, its format) is
    seen at the first call. Raises GitFailed when a ``.git`` file leads nowhere.
    """
    if program() is None:
        return None
    real = Path(os.path.realpath(root))
    device = os.stat(real).st_dev
    for top in (real, *real.parents):
        if os.stat(top).st_dev != device:
            return None
        path = _git_directory(top)
        if path is not None:
            prefix = "" if top == real else real.relative_to(top).as_posix() + "/"
            return GitDir(real, top, path, prefix, (path / "commondir").exists())
    return None


def _git_directory(top: Path) -> Path | None:
    path = top / ".git"
    if path.is_dir():
        # A folder that merely bears the name is passed over, as git does.
        looks_right = (path / "HEAD").exists() and (path / "objects").is_dir()
        return path if looks_right else None
    if not path.is_file():
        return None
    words = path.read_text("utf-8", "surrogateescape").strip()
    target = top / words.removeprefix("gitdir:").strip()
    if not words.startswith("gitdir:") or not (target / "HEAD").exists():
        raise GitFailed(
            "git-broken-link",
            Message(N_("{file} does not lead to a git directory"), {"file": str(path)}),
            Message(N_("run 'git worktree repair' in the main clone, or clone anew")),
        )
    return Path(os.path.realpath(target))


def why_without_git() -> Message:
    """Why ``discover`` gave None: the sentence for the warning."""
    if program() is None:
        return NOT_INSTALLED
    return Message(N_("the ledger is not in a git repository"))


def init(root: Path) -> GitDir:
    """Make ``root`` a git work tree (branch ``main``) unless it is in one that takes its files.

    An enclosing repository that ignores the folder does not: a new one is made inside. Untracked
    folders are remembered between calls from now on. All of it survives a loss of power. Raises
    GitFailed, StorageFailed.
    """
    from svcctl.ledger import posix
    from svcctl.ledger.batch import flush_files

    found = discover(root)
    if found is None or (found.prefix and _ignores(found)):
        # No template: a person's own hooks and excludes are not this ledger's.
        run(root, ["init", "--quiet", "--template=", "--initial-branch=main"])
        found = discover(root)
        if found is not None:
            with posix.storage(found.path):
                flush_files(found.path)
                posix.sync_folder(root)
    if found is None:
        raise GitFailed(
            "git-failed",
            Message(N_("git made no repository in {folder}"), {"folder": str(root)}),
        )
    configure(found.path, [("core.untrackedCache", "true")])
    return found


def configure(folder: Path, settings: Sequence[tuple[str, str]]) -> None:
    """Let the repository ``folder`` (a ``.git``, or a bare one) have these settings, each once.

    Git writes its settings beside the old ones and renames, and flushes nothing: after a loss of power
    the file may be empty, and the folder is no repository to git any more. So git changes a copy
    here, which is flushed before it takes the place.

    Raises StorageFailed, GitFailed, and Busy where another program changed them meanwhile; they
    are as they were then, or as they shall be.
    """
    from svcctl.ledger import posix

    place = Path(os.path.realpath(folder / "config"))  # people link it
    copy = place.with_name(COPY)
    with posix.lock(folder / TURN):
        try:
            with posix.storage(place):
                _clear(copy)
                before = place.read_bytes()
                copy.write_bytes(before)
            for key, value in settings:
                # By its name alone: what else the folder is to git does not matter.
                run(folder, ["config", "--file", str(copy), "--replace-all", key, value])
            with posix.storage(place):
                if copy.read_bytes() != before:
                    os.chmod(copy, posix.compare(place, posix.sha256(before)))
                    posix.sync_path(copy)
                    os.replace(copy, place)
                    posix.sync_folder(place.parent)
        finally:
            with suppress(OSError):
                _clear(copy)


COPY = "config.svcctl"  # always this name: a kill leaves no litter
TURN = "config.turn"
"""Locked by who changes settings. Not git's own lock, which would stay there after a kill."""


def _clear(copy: Path) -> None:
    """Take away a copy, and the lock that a killed git left beside it."""
    copy.unlink(missing_ok=True)
    copy.with_name(f"{COPY}.lock").unlink(missing_ok=True)


def _ignores(gitdir: GitDir) -> bool:
    # Asked from above: a path is looked up among the ignore rules of the folders over it.
    words = ["check-ignore", "--quiet", "--", gitdir.prefix.rstrip("/")]
    # This command alone refuses to be told that its paths are no patterns (they are none).
    process = start(gitdir.top, words, {"GIT_LITERAL_PATHSPECS": "0"})
    _, err = process.communicate()
    if process.returncode > 1:
        raise failure("check-ignore", process.returncode, err)
    return process.returncode == 0


def head(gitdir: GitDir) -> str | None:
    """The commit id HEAD stands for, or None before the first commit. Raises GitFailed.

    Read from the files where they hold it plainly (git replaces them whole), else asked of git:
    packed references, reference tables.
    """
    try:
        words = (gitdir.path / "HEAD").read_text("utf-8", "surrogateescape").strip()
        if words.startswith("ref: refs/heads/") and not gitdir.linked:
            words = (gitdir.path / words[5:]).read_text("utf-8", "surrogateescape").strip()
    except OSError:
        words = ""
    if OBJECT_ID.match(words):
        return words
    process = start(gitdir.top, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
    out, err = process.communicate()
    if process.returncode > 1:
        raise failure("rev-parse", process.returncode, err)
    return out.decode("ascii").strip() or None


def start_remembering(gitdir: GitDir) -> Process:
    """Let git write down what it saw of the work tree, so that the next status is quick.

    For an import, a sync or an index rebuild: it works beside them. Readers never write git's index;
    without this git walks the untracked folders and compares every tracked name each time, which
    doubles the time of a status. Hand it to ``finish_remembering``.
    """
    words = ["status", "--porcelain=v2", "-z", "--untracked-files=normal"]
    return start(gitdir.top, words, extra={"GIT_OPTIONAL_LOCKS": "1"})


def finish_remembering(gitdir: GitDir, process: Process) -> None:
    """Wait until git has written it down. Raises GitFailed."""
    out, _ = finish(process, "status")
    if not re.search(rb"(?:^|\0)u ", out):
        # Puts the ids of the folders into the index. Unmerged files have none yet.
        run(gitdir.top, ["write-tree"])


def tidy(gitdir: GitDir) -> None:
    """Let git pack loose objects when there are many; it decides, and goes on in the background.

    Our commits never start it by themselves. Raises GitFailed.
    """
    run(gitdir.top, ["gc", "--auto", "--quiet"])
