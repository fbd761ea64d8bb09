"""Makes a ledger with a long history: a commit for every event. Knows git's import stream.

The tickets are those of ``bench.flow``; their events are committed in the order they were noted, as
stations would, and every fortieth commit is made beside the others and merged.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from bench import generate
from bench.places import WORK, ask, program
from svcctl.domain.canonical import case_text

COMMITS = 10_000
_EVERY = 40


def history(commits: int = COMMITS) -> Path:
    """The ledger with that many commits, made now where it was not made before."""
    root = WORK / "ledgers" / f"history-{generate.size_name(commits)}-v{generate.VERSION}"
    if (root / ".git" / "bench-ready").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    generate.found(root)
    generate.record(root, "Cards", generate.write_cards(root, commits // 8))
    git = program("git")
    branch = ask([git, "symbolic-ref", "HEAD"], cwd=root).strip()
    begun = int(ask([git, "rev-list", "--count", "HEAD"], cwd=root))
    ask(
        [git, "fast-import", "--quiet"],
        cwd=root,
        fed=b"".join(_stream(branch, commits - begun, commits // 8)),
    )
    ask([git, "reset", "--quiet", "--hard"], cwd=root)
    (root / ".git" / "bench-ready").touch()
    return root


def _stream(branch: bytes, commits: int, tickets: int) -> Iterator[bytes]:
    yield b"feature done\nreset %s\nfrom %s^0\n\n" % (branch, branch)
    before, mark = branch + b"^0", 0
    merged = iter(_versions(tickets))
    while mark < commits:
        path, content = next(merged)
        mark += 1
        yield _commit(branch, mark, before, b"", path, content)
        made = b":%d" % mark
        if mark % _EVERY == 0 and mark + 2 <= commits:  # another station, and the merge of the two
            path, content = next(merged)
            yield _commit(b"refs/heads/beside", mark + 1, before, b"", path, content)
            yield _commit(branch, mark + 2, made, b":%d" % (mark + 1), path, content)
            mark += 2
            made = b":%d" % mark
        before = made
    yield b"reset refs/heads/beside\n\ndone\n"


def _commit(
    branch: bytes, mark: int, before: bytes, merged: bytes, path: str, content: bytes
) -> bytes:
    lines = [b"commit " + branch, b"mark :%d" % mark]
    lines += [b"committer bench <bench@example.invalid> %d +0800" % (1_793_462_400 + mark)]
    lines += [b"data 5\nevent", b"from " + before, *([b"merge " + merged] if merged else [])]
    lines += [b"M 100644 inline " + path.encode(), b"data %d" % len(content), content, b""]
    return b"\n".join(lines)


def _versions(tickets: int) -> list[tuple[str, bytes]]:
    """Every ticket as it stood after each of its events, in the order these were noted."""
    found: list[tuple[str, int, str, bytes]] = []
    for path, head, lines in generate.written_stories(tickets):
        for count in range(1, len(lines) + 1):
            noted = lines[count - 1].split('"noted": "')[1][:19]
            found.append((noted, count, path, case_text(head, lines[:count])))
    found.sort(key=lambda one: (one[0], one[2], one[1]))
    return [(path, content) for _, _, path, content in found]
