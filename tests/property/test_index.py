"""The index is disposable: whatever is done to it the answers are the same, and after whatever is
done to the files, by whomever, what it says is what an index made from nothing says."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from operator import methodcaller
from pathlib import Path

import made_ledgers as made
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from made_ledgers import CLOSED, CUSTOMER, OTHER, SECOND, TICKET
from thorough import THOROUGH, effort

from svcctl.ledger.database import SCHEMA

ANSWERS = (
    ("ticket", "list", "--all", "-o", "json"),
    ("callbacks", "due", "--within", "9d", "-o", "json"),
    ("today", "-o", "json"),
)
LATER = "2026-11-17T09:00:00+08:00"


def answers(root: Path) -> list[str]:
    told = []
    for words in ANSWERS:
        ran = made.call(root, *words, now=LATER)
        assert (ran.code, ran.err) == (0, ""), (words, ran)
        told.append(ran.out)
    return told


def index_of(root: Path) -> Path:
    (path,) = (root / ".git/svcctl").glob("index-*.sqlite3")
    return path


def make_later(path: Path, than: os.stat_result) -> None:
    """Touch ``path`` until the file system's clock has moved on from ``than``: some milliseconds."""
    while True:
        os.utime(path)
        if path.stat().st_mtime_ns > than.st_mtime_ns:
            return


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ledger with a ticket on which a callback is owed."""
    root = made.copy(tmp_path / "ledger")
    done = ("--result", "fixed", "--fault", "电容损坏", "--action", "更换电容", "--by", "eng1")
    made.sure(root, "ticket", "arrive", TICKET, "--by", "eng1", now=made.NOW)
    made.sure(root, "ticket", "finish", TICKET, *done, now="2026-11-16T11:00:00+08:00")
    return root


# What is done to the index -------------------------------------------------------------------------


def deleted(index: Path, _: random.Random) -> None:
    index.unlink()


def emptied(index: Path, _: random.Random) -> None:
    index.write_bytes(b"")


def truncated(index: Path, choose: random.Random) -> None:
    data = index.read_bytes()
    index.write_bytes(data[: choose.randrange(len(data))])


def flipped(index: Path, choose: random.Random) -> None:
    data = bytearray(index.read_bytes())
    for _ in range(choose.randint(1, 200)):
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    with open(index, "r+b") as file:
        file.write(data)


def flipped_with_its_time_kept(index: Path, choose: random.Random) -> None:
    found = index.stat()
    flipped(index, choose)
    os.utime(index, ns=(found.st_atime_ns, found.st_mtime_ns))


def overwritten(index: Path, choose: random.Random) -> None:
    index.write_bytes(choose.randbytes(choose.randint(1, 5000)))


def without_tables(index: Path, _: random.Random) -> None:
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("drop table tickets")
        connection.commit()


def without_rows(index: Path, _: random.Random) -> None:
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("delete from tickets")
        connection.commit()


def older(index: Path, _: random.Random) -> None:
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("update meta set value='2 0.0.1' where key='made'")
        connection.commit()


def garbage_stamp(index: Path, choose: random.Random) -> None:
    index.with_suffix(".stamp").write_bytes(choose.randbytes(40))


def stamp_made_to_fit(index: Path, choose: random.Random) -> None:
    """Not even a stamp that fits makes something else into our database."""
    choose.choice([emptied, overwritten, older])(index, choose)
    found = index.stat()
    index.with_suffix(".stamp").write_text(
        f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
    )


def no_stamp(index: Path, _: random.Random) -> None:
    index.with_suffix(".stamp").unlink()


def a_folder(index: Path, _: random.Random) -> None:
    index.unlink()
    index.mkdir()


def a_link_to_nowhere(index: Path, _: random.Random) -> None:
    index.unlink()
    index.symlink_to("nowhere/at/all")


CORRUPTIONS: list[Callable[[Path, random.Random], None]] = [
    *(deleted, emptied, truncated, flipped, flipped_with_its_time_kept, overwritten),
    *(without_tables, without_rows, older, garbage_stamp, stamp_made_to_fit, no_stamp),
]


def test_an_index_corrupted_at_random_gives_the_same_answers(root: Path) -> None:
    expected = answers(root)
    assert "callback-next" in expected[1]
    choose = random.Random(20261122)
    for number in range(60):
        corrupt = CORRUPTIONS[number % len(CORRUPTIONS)]
        index = index_of(root)
        # Two writings within one tick of the file system's clock look the same to everybody.
        probe = root / "clock"
        probe.touch()
        make_later(probe, index.stat())
        corrupt(index, choose)
        assert answers(root) == expected, corrupt.__name__
    assert made.call(root, "index", "verify").out == ""


@pytest.mark.parametrize("corrupt", [a_folder, a_link_to_nowhere])
def test_something_else_in_the_place_of_the_index_gives_the_same_answers(
    root: Path, corrupt: Callable[[Path, random.Random], None]
) -> None:
    expected = answers(root)
    corrupt(index_of(root), random.Random(1))
    assert answers(root) == expected


def test_an_index_of_another_ledger_is_not_believed(root: Path, tmp_path: Path) -> None:
    expected = answers(root)
    other = made.copy(tmp_path / "other")
    made.sure(other, "ticket", "cancel", TICKET, "--reason", "elsewhere")
    answers(other)
    for suffix in (".sqlite3", ".stamp"):
        shutil.copy2(index_of(other).with_suffix(suffix), index_of(root).with_suffix(suffix))
    assert answers(root) == expected


def test_an_index_copied_along_with_its_clone_is_made_anew(root: Path, tmp_path: Path) -> None:
    expected = answers(root)
    shutil.copytree(root, tmp_path / "copy", symlinks=True)
    assert answers(tmp_path / "copy") == expected


def test_indexes_of_older_versions_are_cleared_away(root: Path) -> None:
    folder = root / ".git/svcctl"
    for name in ("index-1.sqlite3", "index-2.sqlite3", "index-2.sqlite3-journal"):
        (folder / name).write_bytes(b"old")
    for path in folder.glob(f"index-{SCHEMA}.*"):
        path.unlink()
    answers(root)
    left = [path.name for path in folder.glob("index-*.sqlite3*")]
    assert left == [f"index-{SCHEMA}.sqlite3"]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file counts as old after some milliseconds, so that nobody has to wait for it to be believed."""
    monkeypatch.setattr("svcctl.ledger.index.NOW_IS_WITHIN", 20_000_000)
    monkeypatch.setattr("svcctl.ledger.index.TICK", 5_000_000)


@pytest.mark.usefixtures("hurried")
def test_an_edit_that_puts_size_and_time_back_is_noticed(root: Path) -> None:
    path = made.ticket_file(root, OTHER)
    for state, before, after in (
        ("committed", "漏水", "异响"),
        ("dirty", "异响", "不转"),
        ("dirty, then as committed", "不转", "漏水"),
    ):
        answers(root)
        answers(root)  # by now nothing is too young to be believed
        found = path.stat()
        path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
        assert path.stat().st_size == found.st_size
        listed = made.sure(root, "ticket", "list", "-o", "json").out
        assert f'"subject": "{after}"' in listed, state


def test_many_edits_within_one_second_are_each_noticed(root: Path) -> None:
    path = made.ticket_file(root, OTHER)
    text = path.read_text("utf-8")
    for number in range(10, 40):
        path.write_text(text.replace("漏水", f"{number}"), "utf-8")
        assert f'"subject": "{number}"' in made.sure(root, "ticket", "list", "-o", "json").out


@pytest.mark.parametrize(
    "place", ["filling.load_book", "database.Database.note", "database.Database.stamp"]
)
def test_a_command_killed_while_it_fills_the_index_leaves_nothing_wrong(
    root: Path, place: str
) -> None:
    def dies(*_: object) -> None:
        os._exit(9)

    expected = answers(root)
    for state in ("stale", "none"):
        if state == "none":
            for path in (root / ".git/svcctl").glob("index-*"):
                path.unlink()
        else:
            made.sure(root, "ticket", "note", OTHER, "one more")
        child = os.fork()
        if child == 0:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(f"svcctl.ledger.{place}", dies)
                made.call(root, "ticket", "list")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert answers(root) == expected
    assert made.call(root, "index", "verify").out == ""


def test_a_commit_made_while_the_index_is_being_filled_is_not_missed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git named one commit, the file read is already of the next, then the branch goes back."""
    from svcctl.ledger import changes

    head = made.git(root, "rev-parse", "HEAD").strip()
    for path in (root / ".git/svcctl").glob("index-*"):
        path.unlink()
    real = changes.finish_status

    def meanwhile(query: changes.StatusQuery) -> changes.Status:
        status = real(query)
        monkeypatch.setattr(changes, "finish_status", real)
        made.sure(root, "ticket", "cancel", OTHER, "--reason", "meanwhile", now=LATER)
        return status

    monkeypatch.setattr(changes, "finish_status", meanwhile)
    made.sure(root, "ticket", "list", now=LATER)
    made.git(root, "reset", "--quiet", "--hard", head)
    assert made.call(root, "index", "verify").out == ""


# What is done to the files --------------------------------------------------------------------------

TEXTS = st.sampled_from(["漏水", "异响", "不制冷", "no power", "1"])


MOVES = (
    *("{}.yaml.bak", ".{}.yaml", "../../{}.yaml", "../12/{}.yaml", "deep/{}.yaml"),
    *("../../../customers/{}.yaml", f"{OTHER}.yaml"),
)


class Ledgers(RuleBasedStateMachine):
    """Commands, edits by hand, deletions, renames and git itself; the index follows all of it."""

    under_git = True

    @initialize()
    def begin(self) -> None:
        Ledgers.count += 1
        self.root = made.copy(
            Ledgers.place / f"{type(self).__name__}{Ledgers.count}", git=self.under_git
        )
        self.notes = 0
        self.ask()
        self.ask()

    count = 0
    place: Path

    def teardown(self) -> None:
        if not hasattr(self, "root"):
            return
        verified = made.call(self.root, "index", "verify", now=LATER)
        assert verified.code in (0, 4), verified
        assert verified.out == "", verified
        shutil.rmtree(self.root)

    def file(self, identifier: str) -> Path:
        return made.ticket_file(self.root, identifier)

    @rule(identifier=st.sampled_from([TICKET, OTHER, CLOSED]), committed=st.booleans())
    def note(self, identifier: str, committed: bool) -> None:
        self.notes += 1
        words = () if committed else ("--no-commit",)
        ran = made.call(
            self.root, "ticket", "note", identifier, f"n{self.notes}", *words, now=LATER
        )
        assert ran.code in (0, 4, 8), ran

    @rule(subject=TEXTS, committed=st.booleans())
    def take(self, subject: str, committed: bool) -> None:
        words = ["--kind", "repair", "--customer", CUSTOMER, "--subject", subject]
        ran = made.call(
            self.root, "ticket", "new", *words, *([] if committed else ["--no-commit"]), now=LATER
        )
        assert ran.code in (0, 4, 8), ran

    @rule(name=TEXTS)
    def rename_customer(self, name: str) -> None:
        assert made.call(self.root, "customer", "set", SECOND, "--name", name).code in (0, 4, 8)

    @rule()
    def ask(self) -> None:
        for words in ANSWERS:
            assert made.call(self.root, *words, now=LATER).code == 0

    @rule(identifier=st.sampled_from([TICKET, OTHER, CLOSED]), subject=TEXTS)
    def edit(self, identifier: str, subject: str) -> None:
        if self.file(identifier).exists():
            lines = self.file(identifier).read_text("utf-8").split("\n")
            lines = [f"subject: {subject}" if li.startswith("subject:") else li for li in lines]
            self.file(identifier).write_text("\n".join(lines), "utf-8")

    @rule(identifier=st.sampled_from([TICKET, OTHER, CLOSED]), length=st.integers(0, 900))
    def cut(self, identifier: str, length: int) -> None:
        if self.file(identifier).exists():
            with open(self.file(identifier), "r+b") as file:
                file.truncate(min(length, file.seek(0, os.SEEK_END)))

    @rule(identifier=st.sampled_from([TICKET, OTHER, CLOSED]))
    def delete(self, identifier: str) -> None:
        self.file(identifier).unlink(missing_ok=True)

    @rule(
        identifier=st.sampled_from([TICKET, OTHER, CLOSED]),
        to=st.sampled_from(MOVES),
    )
    def move(self, identifier: str, to: str) -> None:
        if self.file(identifier).exists():
            target = self.file(identifier).parent / to.format(identifier)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.file(identifier).rename(target)

    @rule(within=st.sampled_from(["5m", "1h", "2d"]))
    def change_the_rules(self, within: str) -> None:
        path = self.root / "records/policy/2026-01-01.yaml"
        lines = path.read_text("utf-8").split("\n")
        assert any("first-call:" in line and "within: " in line for line in lines)
        path.write_text(
            "\n".join(
                re_within(line, within) if line.lstrip().startswith("first-call:") else line
                for line in lines
            ),
            "utf-8",
        )

    @precondition(lambda self: self.under_git)
    @rule(what=st.sampled_from(["add", "commit", "stash", "pop", "back", "forward", "reset", "gc"]))
    def git(self, what: str) -> None:
        does = {
            "add": ("add", "-A"),
            "commit": ("commit", "--quiet", "-a", "--allow-empty", "-m", "by hand"),
            "stash": ("stash", "--quiet", "--include-untracked"),
            "pop": ("stash", "pop", "--quiet"),
            "back": ("checkout", "--quiet", "--force", "HEAD~1"),
            "forward": ("checkout", "--quiet", "--force", "main"),
            "reset": ("reset", "--quiet", "--hard", "HEAD~1"),
            "gc": ("gc", "--quiet"),
        }[what]
        made.git(self.root, *does, check=False)


def re_within(line: str, within: str) -> str:
    before, _, after = line.partition("within: ")
    return f"{before}within: {within}{after[len(after.split(',')[0]) :]}"


Step = Callable[[Ledgers], None]
STEPS: dict[str, Step] = {
    "note": lambda it: it.note(TICKET, True),
    "note, not committed": lambda it: it.note(TICKET, False),
    "take": lambda it: it.take("异响", True),
    "take, not committed": lambda it: it.take("异响", False),
    "rename the customer": lambda it: it.rename_customer("1"),
    "edit": lambda it: it.edit(TICKET, "异响"),
    "cut": lambda it: it.cut(TICKET, 300),
    "delete": lambda it: it.delete(TICKET),
    **{f"move to {to}": methodcaller("move", TICKET, to) for to in MOVES},
    "change the rules": lambda it: it.change_the_rules("5m"),
}
GIT_STEPS: dict[str, Step] = {
    what: methodcaller("git", what)
    for what in ("add", "commit", "stash", "pop", "back", "forward", "reset", "gc")
}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("under_git", [True, False], ids=["git", "no git"])
def test_after_each_single_step_the_index_is_what_one_made_from_nothing_is(
    tmp_path: Path, under_git: bool
) -> None:
    """Every step alone, looked at before and after it is committed and taken back.

    Looked at after every third of git's steps, another third with each; after all when thorough.
    """
    Ledgers.place = tmp_path
    for turn, (name, step) in enumerate(STEPS.items()):
        it = Ledgers() if under_git else LedgersWithoutGit()
        it.begin()
        step(it)
        afterwards = (
            ("stash", "pop", "add", "commit", "back", "forward", "reset") if under_git else ()
        )
        for stage, what in enumerate(("", *afterwards)):
            if what:
                GIT_STEPS[what](it)
            if stage and not THOROUGH and (stage + turn) % 3:
                continue
            verified = made.call(it.root, "index", "verify", now=LATER)
            assert (verified.code, verified.out) == (0, ""), (name, what, verified)
        it.teardown()


class LedgersWithoutGit(Ledgers):
    under_git = False


EXAMPLES = settings(effort(8), stateful_step_count=12, suppress_health_check=list(HealthCheck))


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("machine", [Ledgers, LedgersWithoutGit])
def test_after_anything_the_index_is_what_one_made_from_nothing_is(
    machine: type[Ledgers], tmp_path: Path
) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Ledgers.place = tmp_path
    run_state_machine_as_test(machine, settings=EXAMPLES)
