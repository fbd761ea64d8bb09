"""How each promise is measured: what runs against what, in which order. Knows all programs compared.

Every ratio is taken between programs that ran in the same round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import deadlines, floors, generate, histories, meetings, peers, product, sealing
from bench.generate import size_name
from bench.places import WORK, NotMeasured
from bench.promises import Row, judged, unmeasured
from bench.timing import (
    Command,
    Figure,
    Peak,
    Round,
    Sample,
    figure,
    peak,
    processor,
    ratio,
    rounds,
    seconds,
)


class Timed(NamedTuple):
    """How long one program took in one group of measurements, in seconds.

    ``processor`` is the median of its processor time, that of its own children included.
    """

    group: str
    what: str
    size: int
    figure: Figure
    processor: float


class Bench:
    """One run: the sizes, how many rounds, and the times of every program so far."""

    def __init__(self, sizes: Sequence[int], quick: bool) -> None:
        self.sizes = sorted(sizes)
        self.quick = quick
        self.times: list[Timed] = []
        self.notes: list[str] = []
        self._ledgers: dict[int, Path] = {}

    @property
    def big(self) -> int:
        """The size for which most promises are given."""
        return self.sizes[-1]

    def rounds(self, wished: int) -> int:
        """Fewer rounds where the run is to be quick."""
        return max(2, wished // 3) if self.quick else wished

    def ledger(self, size: int) -> Path:
        """The generated ledger of that size; looked over by svcctl once in each run."""
        if size not in self._ledgers:
            root = generate.ledger(size)
            found = product.verify(root)
            self.notes.append(f"findings in the ledger of {size_name(size)}: {found}")
            self._ledgers[size] = root
        return self._ledgers[size]

    def keep(self, group: str, size: int, taken: Sequence[Round]) -> None:
        """Remember how long each program of these rounds took."""
        for name in taken[0]:
            self.times.append(
                Timed(group, name, size, seconds(taken, name), processor(taken, name))
            )

    def peer(self, make: Callable[[int], Command], size: int) -> tuple[dict[str, Command], str]:
        """The peer under its name, or nothing and why."""
        try:
            return {make.__name__: make(size)}, ""
        except NotMeasured as why:
            return {}, str(why)


def start_up(bench: Bench) -> list[Row]:
    """A new process that does next to nothing."""
    root = generate.empty_ledger(WORK / "ledgers" / "empty")
    jobs = {"python": floors.bare_python(), "typer": floors.empty_typer()}
    version = {**jobs, "version": product.command(root, "--version")}
    taken = rounds(version, bench.rounds(21), warm=2)
    rows = [judged("version", 0, ratio(taken, "version", "typer"), "")]
    due = {
        **jobs,
        "due_empty": product.command(root, "callbacks", "due"),
        "status": floors.status(root),
    }
    try:
        taken = rounds(due, bench.rounds(21), warm=2)
    except NotMeasured as why:
        return [*rows, unmeasured("due-empty", 0, str(why))]
    bench.keep("start-up", 0, taken)
    beside = ratio(taken, "status", "typer").median
    note = f"one git status of this ledger is {beside:.2f}x of the empty Typer program"
    return [*rows, judged("due-empty", 0, ratio(taken, "due_empty", "typer"), note)]


def new(bench: Bench) -> list[Row]:
    """``ticket new`` without a commit; after each, git commits the ticket outside of the clock."""
    small, big = bench.sizes[0], bench.big
    if small == big:
        raise NotMeasured("needs two sizes")
    jobs: dict[str, Callable[[], Sample]] = {"typer": floors.empty_typer()}
    for name, size in (("new_small", small), ("new_big", big)):
        jobs[name] = _TidiedUp(bench.ledger(size))
    taken = rounds(jobs, bench.rounds(11))
    bench.keep("new", big, taken)
    floor = ratio(taken, "new_big", "typer").median
    note = f"{size_name(big)} against {size_name(small)}; {floor:.1f}x of an empty Typer program"
    return [judged("new", big, ratio(taken, "new_big", "new_small"), note)]


class _TidiedUp:
    """``ticket new --no-commit``, whose ticket is committed afterwards."""

    def __init__(self, root: Path) -> None:
        self.command = product.new_ticket(root, "--no-commit")
        self.plumbing = floors.Plumbing(root)

    def __call__(self) -> Sample:
        sample = self.command()
        self.plumbing.commit(self.plumbing.uncommitted())
        return sample


def commit(bench: Bench) -> list[Row]:
    """``ticket new`` with and without its commit, and git's plumbing on the file so left over."""
    root = bench.ledger(bench.big)
    committed = product.new_ticket(root)
    uncommitted = product.new_ticket(root, "--no-commit")
    plumbing = floors.Plumbing(root)
    taken: list[Round] = []
    count = bench.rounds(11)
    for number in range(-1, count):
        one: dict[str, Sample] = {}
        if number % 2 == 0:
            one["new"] = committed()
        one["written"] = uncommitted()
        one["plumbing"] = plumbing.commit(plumbing.uncommitted())
        if number % 2:
            one["new"] = committed()
        if number >= 0:
            taken.append(one)
    bench.keep("commit", bench.big, taken)
    note = "`ticket new` less `ticket new --no-commit`, against update-index to update-ref"
    return [judged("commit", bench.big, ratio(taken, "new-written", "plumbing"), note)]


def callbacks(bench: Bench) -> list[Row]:
    """What is due now, at each size; the promises speak of the largest."""
    rows: list[Row] = []
    for size in bench.sizes:
        root = bench.ledger(size)
        task, no_task = bench.peer(peers.taskwarrior, size)
        shell, _ = bench.peer(peers.sqlite_shell, size)
        jobs = {
            **task,
            **shell,
            "due_ids": product.command(root, "callbacks", "due", "-o", "ids"),
            "due_table": product.command(root, "callbacks", "due"),
            "typer": floors.empty_typer(),
            "status": floors.status(root),
            "status_records": floors.status_of_records(root),
        }
        taken = rounds(jobs, bench.rounds(11 if size == bench.big else 7))
        bench.keep("callbacks", size, taken)
        if size != bench.big:
            continue
        owed = f"{product.callbacks_owed(root)} owed"
        if task:
            table = ratio(taken, "due_table", "taskwarrior")
            rows.append(judged("due-task", size, table, f"as a table, {owed}, all shown"))
        else:
            rows.append(unmeasured("due-task", size, no_task))
        least = "the cheaper of `git status` with and without `-- ./records`"
        wholly = seconds(taken, "status").median <= seconds(taken, "status_records").median
        floor = "typer+status" if wholly else "typer+status_records"
        rows.append(judged("due-ids", size, ratio(taken, "due_ids", floor), f"{owed}; {least}"))
        rows.append(judged("due-table", size, ratio(taken, "due_table", floor), owed))
    return rows


def rebuild(bench: Bench) -> list[Row]:
    """The index from nothing against another checker of plain text from nothing."""
    root = bench.ledger(bench.big)
    peer, missing = bench.peer(peers.bean_check, bench.big)
    jobs = {"rebuild": product.command(root, "index", "rebuild"), **peer}
    taken = rounds(jobs, bench.rounds(5), warm=0 if bench.quick else 1)
    bench.keep("rebuild", bench.big, taken)
    if not peer:
        return [unmeasured("rebuild", bench.big, missing)]
    return [judged("rebuild", bench.big, ratio(taken, "rebuild", "bean_check"), "")]


def audit(bench: Bench) -> list[Row]:
    """The first audit after the index was made anew, and the one after it, nothing changed."""
    root = bench.ledger(bench.big)
    peer, missing = bench.peer(peers.hledger, bench.big)
    first = product.command(root, "audit", ok=product.FINDINGS)
    jobs: Mapping[str, Callable[[], Sample]] = {
        "typer": floors.empty_typer(),
        "diff_files": floors.diff_files(root),
        **peer,
    }
    for job in jobs.values():
        job()
    anew = product.command(root, "index", "rebuild")
    taken: list[Round] = []
    for _ in range(bench.rounds(5)):
        anew()
        one = {"audit": first(), "audit_again": first()}
        taken.append({**one, **{name: job() for name, job in jobs.items()}})
    bench.keep("audit", bench.big, taken)
    again = judged(
        "audit-again", bench.big, ratio(taken, "audit_again", "diff_files+typer"), "the second"
    )
    if not peer:
        return [unmeasured("audit-full", bench.big, missing), again]
    note = "the first after `index rebuild`"
    return [judged("audit-full", bench.big, ratio(taken, "audit", "hledger"), note), again]


def history(bench: Bench) -> list[Row]:
    """The audit of a history of one event per commit, and git's own listing of it."""
    root = histories.history()
    jobs = {"history": product.command(root, "audit", "--history"), "log": floors.log(root)}
    taken = rounds(jobs, bench.rounds(5))
    bench.keep("history", histories.COMMITS, taken)
    used = processor(taken, "history") / processor(taken, "log")
    note = f"{histories.COMMITS:,} commits; {used:.2f}x in processor time"
    return [judged("history", 0, ratio(taken, "history", "log"), note)]


def sync(bench: Bench) -> list[Row]:
    """A station and a hub that both have one more line in every ticket, the hub's own look included."""
    taken: list[Round] = []
    for _ in range(bench.rounds(5)):
        command = product.command(meetings.fresh_copy(), "sync", "../hub")
        taken.append({"sync": command(), "python": floors.bare_python()()})
    bench.keep("sync", meetings.TICKETS, taken)
    note = f"each changed on both sides; {processor(taken, 'sync'):.1f} s of processor time"
    return [judged("sync", 0, seconds(taken, "sync"), note)]


def sealed(bench: Bench) -> list[Row]:
    """What is due, where nine tenths of the tickets lie in sealed months."""
    root = sealing.ledger(bench.big)
    jobs = {
        "due_sealed": product.command(root, "callbacks", "due", "-o", "ids"),
        "typer": floors.empty_typer(),
        "status_open": floors.status_of(root, sealing.open_places(root)),
        "status": floors.status(root),
    }
    taken = rounds(jobs, bench.rounds(11))
    bench.keep("sealed", bench.big, taken)
    whole = ratio(taken, "status", "status_open").median
    note = (
        f"a status of the whole ledger takes {whole:.2f}x of one of the open months and all cards"
    )
    return [judged("due-sealed", bench.big, ratio(taken, "due_sealed", "typer+status_open"), note)]


def import_rows(bench: Bench) -> list[Row]:
    """The real rows into a new ledger, in one command."""
    root = WORK / "ledgers" / "imported"
    taken: list[Round] = []
    for _ in range(1 if bench.quick else 2):
        command = product.import_rows(generate.empty_ledger(root))
        taken.append({"import": command(), "python": floors.bare_python()()})
    bench.keep("import", 0, taken)
    units = ratio(taken, "import", "python").median
    note = f"{units:.0f}x of `python -c pass`"
    return [judged("import", 0, seconds(taken, "import"), note)]


def far_deadlines(bench: Bench) -> list[Row]:
    """Ten years of working time by a calendar that was not asked before, in this process."""
    ask = deadlines.ten_years()
    taken = [1000 * ask() for _ in range(bench.rounds(50))]
    return [judged("ten-years", 0, figure(taken), "processor time; the statutory days are loaded")]


def memory(bench: Bench) -> list[Row]:
    """The most memory that each interactive command holds; git, which it starts, apart."""
    root = bench.ledger(bench.big)
    commands = {
        "callbacks due": product.command(root, "callbacks", "due"),
        "ticket list": product.command(root, "ticket", "list"),
        "slip list": product.command(root, "slip", "list"),
        "ticket list --all": product.command(root, "ticket", "list", "--all"),
        "slip list --all": product.command(root, "slip", "list", "--all"),
        "ticket show": product.command(root, "ticket", "show", product.some_ticket(root)),
        "today": product.command(root, "today"),
        "find": product.command(root, "find", "不制冷"),
        "ticket new": product.new_ticket(root),
    }
    peaks: dict[str, Peak] = {}
    failed = ""
    for name, command in commands.items():
        try:
            peaks[name] = peak(command)
        except NotMeasured as why:
            failed = str(why)
    own = ", ".join(f"`{name}` {one.own:.0f}" for name, one in peaks.items())
    child = max((one.child for one in peaks.values()), default=0)
    note = f"{own}; the largest process they start (git) {child:.0f}"
    if failed:
        return [unmeasured("memory", bench.big, f"{failed}; {note}")]
    most = max(one.own for one in peaks.values())
    return [judged("memory", bench.big, figure([most]), note)]


def floors_and_peers(bench: Bench) -> list[Row]:
    """Every floor and peer at the largest size, without svcctl: no promise, only times."""
    root = generate.ledger(bench.big)
    quick: dict[str, Callable[[], Sample]] = {
        "python": floors.bare_python(),
        "typer": floors.empty_typer(),
        "status": floors.status(root),
        "status_records": floors.status_of_records(root),
        "diff_files": floors.diff_files(root),
    }
    slow: dict[str, Callable[[], Sample]] = {}
    for make, jobs in (
        (peers.taskwarrior, quick),
        (peers.sqlite_shell, quick),
        (peers.hledger, slow),
        (peers.bean_check, slow),
    ):
        found, missing = bench.peer(make, bench.big)
        jobs.update(found)
        if missing:
            bench.notes.append(missing)
    bench.keep("floors", bench.big, rounds(quick, bench.rounds(11)))
    if slow:
        bench.keep("floors", bench.big, rounds(slow, bench.rounds(5), warm=0))
    return []


GROUPS: Mapping[str, Callable[[Bench], list[Row]]] = {
    "start-up": start_up,
    "new": new,
    "commit": commit,
    "callbacks": callbacks,
    "rebuild": rebuild,
    "audit": audit,
    "history": history,
    "sealed": sealed,
    "sync": sync,
    "import": import_rows,
    "deadlines": far_deadlines,
    "memory": memory,
    "floors": floors_and_peers,
}
