"""A disk that loses power: every write of a command recorded, then replayed as far as it was flushed.

Knows system calls as strace prints them and what a file system may forget; knows nothing of ledgers.

What may be lost: of a file's bytes everything after its last fsync, the last write torn anywhere; of
names (created, renamed, linked, removed) everything after the last fsync of their folder, the later
before the earlier, as journalling file systems keep their order. Folders that lie in different
``areas`` keep no order among one another. Folders of the recorded root may be disks of their own
(``part_of``): the power of one fails while the others live on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

TRACED = (
    "open,openat,creat,write,pwrite64,lseek,rename,renameat,renameat2,link,linkat,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,ftruncate,truncate,fsync,fdatasync,sync,syncfs,writev,pwritev,symlink,symlinkat,"
    "chdir,fchdir"
)
_CALL = re.compile(r"(\d+\.\d+) (\w+)\((.*)\) += (-?\d+)(?:<(.*?)>)?(?: .*)?$")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HERE = re.compile(r"AT_FDCWD<([^>]*)>")
_FILE = re.compile(r"(\d+|AT_FDCWD)<([^>]*)>")


class Missing(Exception):
    """strace is not here, or may not trace."""


class Write(NamedTuple):
    """Bytes put into a file at an offset; ``data`` None cuts the file there."""

    file: int
    offset: int
    data: bytes | None


class Name(NamedTuple):
    """A name that begins to mean a file (or a folder: ``FOLDER``), or ends to (``None``)."""

    path: str
    file: int | None
    source: str = ""  # of a rename: the name that ends at the same moment


class Flush(NamedTuple):
    """fsync of a file, or of a folder (``file`` None); ``whole``: of everything on its disk."""

    path: str
    file: int | None
    whole: bool = False


FOLDER = -1
Step = Write | Name | Flush


class Recording(NamedTuple):
    """What a command did to the disk below ``root``, and what stood there before."""

    before: Mapping[str, int]
    contents: Mapping[int, bytes]
    steps: Sequence[Step]
    moments: Sequence[int] = ()
    """Of one disk: for each step, how many steps of all disks were made before it."""

    def until(self, moment: int) -> int:
        """Return how many steps this disk made among the first ``moment`` of all."""
        return bisect_left(self.moments, moment)


def part_of(recording: Recording, folder: str) -> Recording:
    """Return what was done to one folder of the recorded root, as to a disk of its own."""
    within = folder + "/"
    before = {
        p.removeprefix(within): f for p, f in recording.before.items() if p.startswith(within)
    }
    files = set(before.values())
    steps: list[Step] = []
    moments: list[int] = []
    for moment, step in enumerate(recording.steps):
        if isinstance(step, Write):
            if step.file not in files:
                continue
        elif not f"{step.path}/".startswith(within):
            continue
        elif isinstance(step, Name):
            if step.file is not None:
                files.add(step.file)
            source = step.source.removeprefix(within)
            step = step._replace(path=step.path.removeprefix(within), source=source)
        else:
            inside = step.path.removeprefix(within) if step.path != folder else "."
            step = step._replace(path=inside)
        steps.append(step)
        moments.append(moment)
    kept = {file: data for file, data in recording.contents.items() if file in files}
    return Recording(before, kept, steps, moments)


def record(
    root: Path, words: Sequence[str], environment: Mapping[str, str], into: Path
) -> Recording:
    """Run a command and return what it did to the files below ``root``; it must end with 0."""
    before, contents = _standing(root)
    program = shutil.which("strace")
    if program is None:
        raise Missing("strace is not installed")
    into.mkdir()
    traced = [program, "-ff", "-ttt", "-y", "-xx", "-s", "16000000", "-e", f"trace={TRACED}"]
    done = subprocess.run(
        [*traced, "-o", str(into / "calls"), *words],
        cwd=root, env=dict(environment), capture_output=True, check=False,
    )  # fmt: skip
    lines = sorted(
        (line.partition(" ")[0], trace.suffix, line)
        for trace in into.iterdir()
        for line in trace.read_text("ascii").splitlines()
    )
    if not lines:
        raise Missing(done.stderr.decode(errors="replace"))
    assert done.returncode == 0, done.stderr.decode()
    return Recording(before, contents, _Reader(root, before, contents).read(lines))


def _standing(root: Path) -> tuple[dict[str, int], dict[int, bytes]]:
    names: dict[str, int] = {}
    contents: dict[int, bytes] = {}
    numbers: dict[int, int] = {}
    for folder, folders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        for name in folders:
            names[os.path.normpath(os.path.join(here, name))] = FOLDER
        for name in files:
            place = os.path.join(folder, name)
            number = numbers.setdefault(os.stat(place).st_ino, len(numbers))
            names[os.path.normpath(os.path.join(here, name))] = number
            contents[number] = Path(place).read_bytes()
    return names, contents


class _Reader:
    """Calls as printed to steps. Follows which file a name means and where each handle stands."""

    def __init__(self, root: Path, names: Mapping[str, int], contents: Mapping[int, bytes]) -> None:
        self.root = os.path.realpath(root)
        self.names = dict(names)
        self.sizes = {number: len(data) for number, data in contents.items()}
        self.places: dict[str, int] = {}
        self.steps: list[Step] = []
        self.process = ""
        self.folders: dict[str, str] = {}  # where each process is

    def read(self, lines: Sequence[tuple[str, str, str]]) -> list[Step]:
        for _time, self.process, line in lines:
            found = _CALL.match(line)
            if found and not found[4].startswith("-"):
                here = _HERE.search(found[3])
                if here:
                    self.folders[self.process] = _plain(here[1])
                act = getattr(self, "_" + found[2], None)
                if act is not None:
                    act(found[3], int(found[4]), _plain(found[5] or ""))
        return self.steps

    def _chdir(self, arguments: str, _result: int, _opened: str) -> None:
        text = _TEXT.search(arguments)
        assert text is not None, arguments
        self.folders[self.process] = self._place(_plain(text[1]), "")

    def _fchdir(self, arguments: str, _result: int, _opened: str) -> None:
        found = _FILE.match(arguments)
        assert found is not None, arguments
        self.folders[self.process] = _plain(found[2])

    def _place(self, path: str, base: str) -> str:
        if not os.path.isabs(path) and not base:
            base = self.folders[self.process]
        return os.path.normpath(os.path.join(base, path))

    def _below(self, path: str, base: str = "") -> str | None:
        whole = self._place(path, base)
        inside = os.path.relpath(whole, self.root)
        return None if inside.startswith("..") or inside == "." else inside

    def _paths(self, arguments: str) -> list[str | None]:
        """The paths among the arguments, each relative to the folder that stands before it."""
        bases = {m.end(): _plain(m[2]) for m in _FILE.finditer(arguments)}
        return [
            self._below(
                _plain(m[1]), next((b for e, b in bases.items() if 0 <= m.start() - e <= 2), "")
            )
            for m in _TEXT.finditer(arguments)
        ]

    def _handle(self, arguments: str) -> str | None:
        found = _FILE.match(arguments)
        path = "" if found is None else _plain(found[2]).removesuffix(" (deleted)")
        return self._below(path) if path.startswith("/") else None  # else a pipe

    def _openat(self, arguments: str, _result: int, opened: str) -> None:
        path = self._below(opened)
        if path is None or self.names.get(path) == FOLDER:
            return
        if path not in self.names:
            if "O_CREAT" not in arguments:
                return
            number = self.names[path] = len(self.sizes)
            self.sizes[number] = 0
            self.steps.append(Name(path, number))
        number = self.names[path]
        if "O_TRUNC" in arguments and self.sizes[number]:
            self._cut(number, 0)
        self.places[path] = self.sizes[number] if "O_APPEND" in arguments else 0

    _open = _creat = _openat

    def _write(self, arguments: str, _result: int, _opened: str) -> None:
        path = self._handle(arguments)
        if path in self.names:
            self.places[path] = self._put(path, self.places.get(path, 0), arguments)

    def _pwrite64(self, arguments: str, _result: int, _opened: str) -> None:
        path = self._handle(arguments)
        if path in self.names:
            self._put(path, int(arguments.rpartition(", ")[2]), arguments)

    def _writev(self, arguments: str, _result: int, _opened: str) -> None:
        assert self._handle(arguments) not in self.names, f"not understood: {arguments[:200]}"

    _pwritev = _writev

    def _put(self, path: str, offset: int, arguments: str) -> int:
        number = self.names[path]
        text = _TEXT.search(arguments)
        assert text is not None, arguments[:200]
        data = _bytes(text[1])
        self.steps.append(Write(number, offset, data))
        self.sizes[number] = max(self.sizes[number], offset + len(data))
        return offset + len(data)

    def _lseek(self, arguments: str, result: int, _opened: str) -> None:
        path = self._handle(arguments)
        if path in self.names:
            self.places[path] = result

    def _ftruncate(self, arguments: str, _result: int, _opened: str) -> None:
        path = self._handle(arguments)
        if path in self.names:
            self._cut(self.names[path], int(arguments.rpartition(", ")[2]))

    def _truncate(self, arguments: str, _result: int, _opened: str) -> None:
        path = self._paths(arguments)[0]
        if path in self.names:
            self._cut(self.names[path], int(arguments.rpartition(", ")[2]))

    def _cut(self, number: int, size: int) -> None:
        self.steps.append(Write(number, size, None))
        self.sizes[number] = size

    def _rename(self, arguments: str, _result: int, _opened: str) -> None:
        source, target = self._paths(arguments)[:2]
        if not source and not target:  # elsewhere: what the interpreter compiled, say
            return
        assert source, f"a name that came from elsewhere: {arguments}"
        assert target, f"a name that leaves the ledger: {arguments}"
        moved = self.names.pop(source)
        self.names[target] = moved
        self.steps.append(Name(target, moved, source))
        for path in [path for path in self.names if path.startswith(f"{source}/")]:
            self.names[target + path[len(source) :]] = self.names.pop(path)

    _renameat = _renameat2 = _rename

    def _link(self, arguments: str, _result: int, _opened: str) -> None:
        source, target = self._paths(arguments)[:2]
        assert source, f"a link from elsewhere: {arguments}"
        assert target, f"a link to elsewhere: {arguments}"
        self.names[target] = self.names[source]
        self.steps.append(Name(target, self.names[source]))

    _linkat = _link

    def _unlink(self, arguments: str, _result: int, _opened: str) -> None:
        path = self._paths(arguments)[0]
        if path in self.names:
            del self.names[path]
            self.steps.append(Name(path, None))

    _unlinkat = _rmdir = _unlink

    def _mkdir(self, arguments: str, _result: int, _opened: str) -> None:
        path = self._paths(arguments)[0]
        if path:
            self.names[path] = FOLDER
            self.steps.append(Name(path, FOLDER))

    _mkdirat = _mkdir

    def _fsync(self, arguments: str, _result: int, _opened: str) -> None:
        found = _FILE.match(arguments)
        if found is None:
            return
        path = os.path.relpath(_plain(found[2]).removesuffix(" (deleted)"), self.root)
        if path in self.names or path == ".":
            file = self.names.get(path, FOLDER)
            self.steps.append(Flush(path, None if file == FOLDER else file))

    _fdatasync = _fsync

    def _syncfs(self, arguments: str, _result: int, _opened: str) -> None:
        found = _FILE.match(arguments)
        assert found is not None, arguments
        inside = self._below(_plain(found[2]))
        if inside or _plain(found[2]) == self.root:
            self.steps.append(Flush(inside or "", None, True))

    def _sync(self, arguments: str, _result: int, _opened: str) -> None:
        raise AssertionError("whose disk it flushes cannot be seen")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _plain(text: str) -> str:
    return re.sub(
        rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode()
    ).decode(errors="surrogateescape")


def unsafe_names(recording: Recording, within: str) -> list[str]:
    """Return the paths containing ``within`` that were given to a file before its bytes were flushed."""
    written: set[int] = set()
    found = []
    for step in recording.steps:
        if isinstance(step, Write):
            written.add(step.file)
        elif isinstance(step, Flush):
            written = set() if step.whole else written - {step.file}
        elif step.source and within in step.path and step.file in written:
            found.append(step.path)
    return found


def after_power_loss(
    recording: Recording, steps: int, areas: Sequence[str], chance: Random, into: Path
) -> None:
    """Make ``into`` what the disk may hold when the power fails after so many steps.

    ``areas``: prefixes of paths whose names keep their order among themselves only.
    """
    done = recording.steps[:steps]
    _lay_down(
        recording,
        _kept_names(done, areas, chance),
        _kept_bytes(recording.contents, done, chance),
        into,
    )


def as_it_stands(recording: Recording, steps: int, into: Path) -> None:
    """Make ``into`` what the disk holds after so many steps while its power lasts."""
    done = [*recording.steps[:steps], Flush("", None, True)]
    kept = [step for step in done if isinstance(step, Name)]
    _lay_down(recording, kept, _kept_bytes(recording.contents, done, Random(0)), into)


def _lay_down(
    recording: Recording, kept: Sequence[Name], written: Mapping[int, bytes], into: Path
) -> None:
    names = dict(recording.before)
    for step in kept:
        moved = names.get(step.source) if step.source else step.file
        if step.source:
            if moved is None:
                continue
            del names[step.source]
        if step.file is None:
            names.pop(step.path, None)
        else:
            names[step.path] = step.file
    for path, file in sorted(names.items()):
        if file == FOLDER:
            (into / path).mkdir(parents=True, exist_ok=True)
    for path, file in names.items():
        if file != FOLDER and (into / path).parent.is_dir():
            (into / path).write_bytes(written.get(file, b""))


def _kept_names(done: Sequence[Step], areas: Sequence[str], chance: Random) -> list[Name]:
    """The changes of names that survive: of each area those flushed, and some that follow them."""

    def area(path: str) -> str:
        return next((prefix for prefix in areas if path.startswith(prefix)), "")

    flushed: dict[str, int] = {}
    for number, step in enumerate(done):
        if isinstance(step, Flush) and step.file is None:
            for each in (*areas, "") if step.whole else (area(step.path + "/"),):
                last = [
                    n
                    for n, s in enumerate(done[:number])
                    if isinstance(s, Name)
                    and (step.whole or os.path.dirname(s.path) == step.path.removesuffix("."))
                ]
                flushed[each] = max([flushed.get(each, -1), *last])
    reach = {
        each: chance.randint(flushed.get(each, -1), len(done)) if chance.random() < 0.7 else flushed.get(each, -1)
        for each in (*areas, "")
    }  # fmt: skip
    return [
        step
        for number, step in enumerate(done)
        if isinstance(step, Name) and number <= reach[area(step.path)]
    ]


def _kept_bytes(
    contents: Mapping[int, bytes], done: Sequence[Step], chance: Random
) -> dict[int, bytes]:
    """Every file's bytes: what was flushed, and a part of what was written after."""
    writes: dict[int, list[Write]] = {}
    safe: dict[int, int] = {}
    for step in done:
        if isinstance(step, Write):
            writes.setdefault(step.file, []).append(step)
        elif isinstance(step, Flush) and (step.file is not None or step.whole):
            for file in [step.file] if step.file is not None else list(writes):
                safe[file] = len(writes.get(file, ()))
    kept = {}
    for file in {*contents, *writes}:
        data = bytearray(contents.get(file, b""))
        made = writes.get(file, [])
        sure = safe.get(file, 0)
        reach = chance.choice((sure, len(made), chance.randint(sure, len(made))))
        for number, write in enumerate(made[:reach]):
            if write.data is None:
                data[write.offset :] = bytes(max(0, write.offset - len(data)))
                continue
            torn = number == reach - 1 and number >= sure and chance.random() < 0.5
            part = write.data[: chance.randint(0, len(write.data))] if torn else write.data
            data.extend(bytes(max(0, write.offset - len(data))))
            data[write.offset : write.offset + len(part)] = part
        kept[file] = bytes(data)
    return kept
