"""Makes a station and a hub that went apart: both have one more line in each ticket. Knows records."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import generate
from bench.places import WORK, ask, program, svcctl

TICKETS = 1_000


def apart() -> Path:
    """A folder with ``hub`` and ``station``, made now where it was not made before.

    All tickets are changed on both sides, so that each has to be merged.
    """
    folder = WORK / "ledgers" / f"apart-{generate.size_name(TICKETS)}-v{generate.VERSION}"
    if (folder / "ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    git, station, other = program("git"), folder / "station", folder / "other"
    folder.mkdir(parents=True)
    ask([git, "clone", "--quiet", str(generate.ledger(TICKETS)), str(station)])
    ask([git, "clone", "--quiet", str(station), str(other)])
    for root, desk in ((station, "SHA"), (other, "BJA")):
        ask([*svcctl(), "init", str(root), "--desk", desk], cwd=root)
        tickets = sorted((root / "records" / "tickets").rglob("*.yaml"))
        for path in tickets:
            _one_line_more(path, desk)
        paths = [path.relative_to(root).as_posix() for path in tickets]
        generate.record(root, f"Lines of {desk}", paths)
    ask([*svcctl(), "hub", "init", str(folder / "hub")])
    ask([git, "fetch", "--quiet", str(other), "HEAD:refs/heads/main"], cwd=folder / "hub")
    shutil.rmtree(other)
    (folder / "ready").touch()
    return folder


def _one_line_more(path: Path, desk: str) -> None:
    text = path.read_text("utf-8")
    last = text.rstrip("\n").rpartition("\n")[2]
    number = int(last.partition('"n": ')[2].partition(",")[0]) + 1
    stamp = last.partition('"noted": "')[2][:25]
    line = (
        f'- {{"n": {number}, "desk": "{desk}", "at": "{stamp}", "noted": "{stamp}", '
        f'"by": "desk1", "do": "noted", "words": "客户来电 {desk}"}}\n'
    )
    path.write_text(text + line, "utf-8")


def fresh_copy() -> Path:
    """The station of a copy of ``apart``; its hub lies beside it."""
    place = WORK / "apart"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(apart(), place, symlinks=True)
    return place / "station"
