"""Whole processes measured from outside: wall, processor time, peak memory. Knows no program.

Absolute times drift from minute to minute; what is compared is therefore run in the same round, in
an order that turns around each round, and compared round by round.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.places import WORK, NotMeasured, environment, last_words


class Sample(NamedTuple):
    """One run: seconds on the clock, seconds of processor time (its own children included)."""

    wall: float
    user: float
    system: float

    def plus(self, other: Sample) -> Sample:
        """Both runs one after the other."""
        return Sample(*(a + b for a, b in zip(self, other, strict=True)))


Round = Mapping[str, Sample]


class Figure(NamedTuple):
    """The median of what the rounds gave, and their extremes."""

    median: float
    low: float
    high: float
    rounds: int


class Command:
    """A program to measure: its arguments, its folder, the exit codes that are no failure."""

    def __init__(self, argv: Sequence[str], cwd: Path, ok: Iterable[int] = (0,)) -> None:
        self.argv = list(argv)
        self.cwd = cwd
        self.ok = frozenset(ok)
        self.environment = environment()

    def __call__(self) -> Sample:
        """Run it once with nothing to read and its output thrown away."""
        os.chdir(self.cwd)
        begun = time.perf_counter()
        child = self.start()
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - begun
        self.check(status)
        return Sample(wall, usage.ru_utime, usage.ru_stime)

    def start(self) -> int:
        """Start it in the current folder and return its process id."""
        told = os.fspath(WORK / "stderr")
        return os.posix_spawn(
            self.argv[0],
            self.argv,
            self.environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            ],
        )

    def check(self, status: int) -> None:
        """Raise ``NotMeasured`` where the program ended as it should not."""
        code = os.waitstatus_to_exitcode(status)
        if code not in self.ok:
            raise NotMeasured(last_words(self.argv, code, (WORK / "stderr").read_bytes()))


def rounds(jobs: Mapping[str, Callable[[], Sample]], count: int, warm: int = 1) -> list[Round]:
    """Run all jobs ``count`` times, there and back, after ``warm`` rounds that do not count."""
    names = list(jobs)
    for _ in range(warm):
        for name in names:
            jobs[name]()
    taken: list[Round] = []
    for number in range(count):
        order = names if number % 2 == 0 else names[::-1]
        taken.append({name: jobs[name]() for name in order})
    return taken


def ratio(taken: Sequence[Round], of: str, to: str) -> Figure:
    """Wall time of ``of`` in units of ``to``, round by round. ``a+b`` adds, ``a-b`` takes away."""
    return figure([total(one, of) / total(one, to) for one in taken])


def seconds(taken: Sequence[Round], of: str) -> Figure:
    """Wall time of ``of`` in seconds."""
    return figure([total(one, of) for one in taken])


def processor(taken: Sequence[Round], of: str) -> float:
    """Median processor seconds of ``of``: less moved by what else the machine does."""
    return statistics.median(one[of].user + one[of].system for one in taken)


def total(one: Round, names: str) -> float:
    """Wall seconds of a sum such as ``typer+status`` or ``new-written`` in one round."""
    sign, wall = 1.0, 0.0
    for word in names.replace("+", " + ").replace("-", " - ").split():
        if word in "+-":
            sign = 1.0 if word == "+" else -1.0
        else:
            wall += sign * one[word].wall
    return wall


def figure(values: Sequence[float]) -> Figure:
    """Median and extremes of ``values``."""
    return Figure(statistics.median(values), min(values), max(values), len(values))


class Peak(NamedTuple):
    """The most memory resident at once, in MB (10^6 bytes): the process, its largest child."""

    own: float
    child: float


def peak(command: Command) -> Peak:
    """Run ``command`` once and watch its memory in ``/proc``; the clock does not count here.

    What ``wait4`` gives is of no use: the process counts the memory of the one it was started
    from, and that of its children. The high-water mark of the program itself is read every half
    millisecond. Raises ``NotMeasured`` where there is no ``/proc``.
    """
    if not Path("/proc/self/status").exists():
        raise NotMeasured("peak memory is read from /proc, which this system lacks")
    os.chdir(command.cwd)
    process = command.start()
    own = child = 0
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            break
        own = max(own, _high_water(process))
        for descendant in _started_programs(process):
            child = max(child, _high_water(descendant))
        time.sleep(0.0005)
    command.check(status)
    return Peak(own * 1024 / 1e6, child * 1024 / 1e6)


def _high_water(process: int) -> int:
    """Peak resident kilobytes so far; 0 for a process that has ended."""
    try:
        text = Path(f"/proc/{process}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def _started_programs(process: int) -> list[int]:
    """Descendants that run a program of their own (before that they share their parent's)."""
    found: list[int] = []
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
        program = os.readlink(f"/proc/{process}/exe")
        for child in map(int, children):
            if os.readlink(f"/proc/{child}/exe") != program:
                found.append(child)
                found += _started_programs(child)
    except OSError:
        return found
    return found
