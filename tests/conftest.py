"""What every test stands on: a clean environment, English, and a way to run a command in place."""

from __future__ import annotations

import atexit
import functools
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from made_ledgers import Ran
from thorough import THOROUGH

os.environ["TYPER_USE_RICH"] = "0"

from svcctl.__main__ import run
from svcctl.desk import playing
from svcctl.views.language import set_language

# The same examples on every machine and at every load; SVCCTL_TESTS=thorough looks for new ones.
settings.register_profile(
    "always the same",
    derandomize=not THOROUGH,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("always the same")


class Terminal(io.StringIO):
    """A stdin with a person behind it, who types the given lines."""

    def isatty(self) -> bool:
        return True


NOBODYS = ("EDITOR", "LANG", "NO_COLOR", "PAGER", "TZ", "VISUAL")


@functools.cache
def _empty_home() -> str:
    """A home without settings, but that git collects nothing in the background (see tests/gitconfig)."""
    folder = tempfile.mkdtemp(prefix="home-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(Path(__file__).with_name("gitconfig"), Path(folder) / ".gitconfig")
    return folder


@pytest.fixture(autouse=True)
def _clean_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable of the person who runs the tests, and English, unless a test says otherwise."""
    for name in list(os.environ):
        if name.startswith(("SVCCTL_", "GIT_", "LC_", "XDG_", "_SVCCTL")) or name in NOBODYS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", _empty_home())
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")
    set_language("en")
    yield
    set_language("en")


@pytest.fixture
def svcctl(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ran]:
    """Run a command in this process: ``svcctl("ticket", "list", now="2026-11-16T09:00:00+08:00")``.

    ``now`` is the injected clock; ``cwd`` the working directory (else ``tmp_path``); ``lang`` the language; ``stdin``
    what is piped in; ``typed`` what a person at a terminal answers.
    """

    def call(
        *words: str | Path,
        lang: str = "en",
        now: str = "2026-11-16T09:00:00+08:00",
        cwd: Path | None = None,
        stdin: str = "",
        typed: str | None = None,
    ) -> Ran:
        moment = datetime.fromisoformat(now)
        with monkeypatch.context() as patch:
            patch.setenv("SVCCTL_LANG", lang)
            patch.chdir(cwd or tmp_path)
            patch.setattr(tempfile, "tempdir", str(tmp_path))
            piped = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
            patch.setattr(sys, "stdin", piped if typed is None else Terminal(typed))
            capsys.readouterr()
            code = run([str(word) for word in words], clock=lambda: moment)
        out, err = capsys.readouterr()
        set_language("en")
        return Ran(code, out, err)

    return call


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A sound ledger without git: the one that the examples of the audit change."""
    root = tmp_path / "ledger"
    playing.make(None, root)
    return root


SLOW = ("faults", "integration", "stateful", "property", "transcripts")
"""Folders of tests that take seconds each."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the slow files go first, one to each half in turn.

    Two processes begin with a half each and take from one another's end, where only quick tests
    are to be left.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    ordered = sorted(files, key=lambda path: path.parent.name not in SLOW)
    items[:] = [
        item for half in (ordered[::2], ordered[1::2]) for path in half for item in files[path]
    ]
