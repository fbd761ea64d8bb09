"""The log of a bug. Knows how to tell where the program failed without telling about whom.

The words of the command, the text of the error and the values of variables may hold names, phones
and addresses; none of them is written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence


def write_log(error: BaseException, argv: Sequence[str]) -> str:
    """Write the log into the clone's git directory, else the folder for temporary files.

    Returns its path, or "" where it could not be written.
    """
    text = report(error, argv)
    name = f"bug-{os.getpid()}.txt"
    for folder in _folders(argv):
        try:
            os.makedirs(folder, exist_ok=True)
            place = os.path.join(folder, name)
            with open(place, "w", encoding="utf-8") as target:
                target.write(text)
        except OSError:
            continue
        return place
    return ""


def _folders(argv: Sequence[str]) -> list[str]:
    import tempfile

    folders = []
    start = _given_ledger(argv) or os.environ.get("SVCCTL_LEDGER") or os.curdir
    folder = os.path.abspath(start)
    while True:
        git = os.path.join(folder, ".git")
        # A repository without records is somebody else's, and gets nothing written into it.
        if os.path.isdir(git) and os.path.isdir(os.path.join(folder, "records")):
            folders.append(os.path.join(git, "svcctl"))
            break
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    try:
        # A folder of one's own: a name in the shared one could be somebody else's link.
        folders.append(tempfile.mkdtemp(prefix="svcctl-"))
    except OSError:
        return folders
    return folders


def _given_ledger(argv: Sequence[str]) -> str:
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--ledger":
            return following
        if word.startswith("--ledger="):
            return word.partition("=")[2]
    return ""


def report(error: BaseException, argv: Sequence[str]) -> str:
    """The log's text: versions, the shape of the command, and where each error arose."""
    import platform

    import svcctl

    lines = [
        f"svcctl {svcctl.__version__}",
        f"python {platform.python_version()} on {sys.platform}",
        f"command: {' '.join(shape(argv))}",
        "",
    ]
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}, raised in:")
        lines += _frames(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(lines) + "\n"


def _frames(error: BaseException) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"  {_inside(code.co_filename)}:{trace.tb_lineno} in {code.co_qualname}")
        trace = trace.tb_next
    return frames


def _inside(path: str) -> str:
    """The path from the package on: what lies above may name a person's home."""
    parts = path.replace(os.sep, "/").split("/")
    for mark in ("site-packages", "dist-packages"):
        if mark in parts:
            return "/".join(parts[parts.index(mark) + 1 :])
    if "svcctl" in parts:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index("svcctl") :])
    return parts[-1]


def shape(argv: Sequence[str]) -> list[str]:
    """The command with its names and options, every other word replaced by ``…``."""
    from svcctl.cli.main import COMMANDS

    known: Collection[str] = COMMANDS
    shown: list[str] = []
    for word in argv:
        if word.startswith("-") and len(word) > 1:
            option = word.partition("=")[0]
            plain = option.lstrip("-").replace("-", "").isalpha() and option.isascii()
            short = not option.startswith("--")
            shown.append(option[:2] if short and plain else option if plain else "…")
        elif word in known:
            shown.append(word)
            known = _verbs(COMMANDS[word].where) if known is COMMANDS else ()
        else:
            shown.append("…")
    return shown


def _verbs(where: str) -> Collection[str]:
    """The names of a noun's verbs, if it was loaded before the program failed."""
    from svcctl.cli.lazy import Noun

    module, _colon, attribute = where.partition(":")
    noun = getattr(sys.modules.get(module), attribute, None)
    return noun.names() if isinstance(noun, Noun) else ()
