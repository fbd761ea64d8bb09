"""Many new files at once, all or none: an import. Knows names and bytes, nothing of records.

1. Every file is staged in the journal folder, and all of them are flushed together.
2. The list of names is flushed and renamed to ``commit``: from here on the batch counts as written.
3. Every staged file is linked to its place, the folders are flushed, the journal is removed.

A crash before 2 is done leaves nothing but the journal, which ``recover`` discards. A crash after
it leaves some files in place; ``recover`` puts the others there. Both need the ledger's lock.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from svcctl.domain.problems import N_, Busy, Message, StorageFailed
from svcctl.ledger import posix

_COMMIT, _NAMES, _STAGED = "commit", "names", "staged"
_PER_FOLDER = 1000  # staged files per folder: large folders are slow to empty

Recovery = Literal["nothing", "discarded", "completed"]


def write_batch(root: Path, journal: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Make all of ``files`` below ``root``, or none; the number of them.

    ``files`` gives paths relative to ``root`` with ``/`` and contents; it is read once and not
    kept. ``journal`` is a folder of its own on the same file system; what an earlier command left
    there is recovered first. The caller holds the lock of the ledger.

    Raises FileExistsError if one of the files exists, ValueError for a path that leaves ``root``
    or comes twice, StorageFailed if the disk refuses: nothing is written then, except where the
    remedy says that the next command completes it. What ``files`` itself raises passes through,
    with nothing written.
    """
    recover(root, journal)
    try:
        names = _stage(root, journal, files)
        with posix.storage(journal):
            _commit(journal, names)
        with _committed(root):
            posix.sync_folder(journal)
    except BaseException:
        # Past the renaming the batch is committed, whatever was raised since: it stays.
        if not is_decided(journal):
            with suppress(OSError):
                _remove(journal)
        raise
    _place(root, journal, names)
    return len(names)


def recover(root: Path, journal: Path) -> Recovery:
    """Finish or undo what a killed ``write_batch`` left; to be called before the next write.

    "completed": the batch had been committed, all its files stand in place now. "discarded": it
    had not, no file of it is there. Raises Busy when another file took the place of one of the
    batch meanwhile, StorageFailed when the disk refuses; both can be repeated.
    """
    if not os.path.lexists(journal):
        return "nothing"
    with posix.storage(journal):
        try:
            listed = (journal / _COMMIT).read_bytes()
        except FileNotFoundError:
            _remove(journal)
            return "discarded"
    _place(root, journal, listed.decode("utf-8").split("\n")[:-1])
    return "completed"


def is_decided(journal: Path) -> bool:
    """Whether a batch lies in ``journal`` that counts as written and is not all in place yet."""
    return (journal / _COMMIT).exists()


def _stage(root: Path, journal: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    names: list[str] = []
    seen: set[str] = set()
    with posix.storage(journal):
        posix.make_folders(journal)
    for name, content in files:
        _check_name(name)
        if name in seen:
            raise ValueError(f"the path comes twice in the batch: {name!r}")
        if os.path.lexists(root / name):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(root / name))
        seen.add(name)
        with posix.storage(journal):
            staged = _staged(journal, len(names))
            if len(names) % _PER_FOLDER == 0:
                os.makedirs(staged.parent)
            _write_new(staged, content)
        names.append(name)
    return names


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if (
        not name
        or path.is_absolute()
        or ".." in path.parts
        or str(path) != name
        or name == "."
        or "\n" in name
        or "\0" in name
    ):
        raise ValueError(f"not a path within the ledger: {name!r}")


def _staged(journal: Path, index: int) -> Path:
    return journal / _STAGED / str(index // _PER_FOLDER) / str(index)


def _write_new(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)


def _commit(journal: Path, names: list[str]) -> None:
    """Flush the staged files, then the list of names, then make it the commit."""
    _write_new(journal / _NAMES, "".join(f"{name}\n" for name in names).encode("utf-8"))
    flush(journal)
    handle = os.open(journal / _NAMES, os.O_RDONLY | os.O_CLOEXEC)
    try:
        posix.sync_file(handle)
    finally:
        os.close(handle)
    os.rename(journal / _NAMES, journal / _COMMIT)


def flush(folder: Path) -> None:
    """Flush everything written below ``folder``. Raises OSError.

    On Linux by one syncfs, which reports errors (sync does not); elsewhere file by file.
    """
    if not sync_file_system(folder):
        flush_files(folder)


def flush_files(folder: Path) -> None:
    """Flush every file and folder below ``folder``, and itself, one by one: for few. Raises OSError."""
    for where, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(where, name)
            if path.is_file() and not path.is_symlink():
                posix.sync_path(path)
        posix.sync_folder(Path(where))


def sync_file_system(folder: Path) -> bool:
    """Flush the file system of ``folder``; False where the system has no call for it."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if syncfs(handle) == 0:
            return True
        number = ctypes.get_errno()
    finally:
        os.close(handle)
    if number == errno.ENOSYS:
        return False
    raise OSError(number, os.strerror(number), str(folder))


def _place(root: Path, journal: Path, names: list[str]) -> None:
    """Link every staged file to its place; those that are there already stay. Then tidy up."""
    folders: set[Path] = set()
    with _committed(root):
        for index, name in enumerate(names):
            target = root / name
            if target.parent not in folders:
                posix.make_folders(target.parent)
                folders.add(target.parent)
            _link(_staged(journal, index), target)
        for folder in sorted(folders):
            posix.sync_folder(folder)
        _withdraw(journal)
    with suppress(OSError):  # without its commit the rest is discarded by the next command
        _remove(journal)


@contextmanager
def _committed(root: Path) -> Iterator[None]:
    """An OSError within: the batch is written for good, and only partly in place yet."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        message = Message(
            N_("the import is written, but not all of it is in place below {path}: {reason}"),
            {"path": str(root), "reason": reason},
        )
        remedy = Message(N_("put this right; the next writing command completes the import"))
        raise StorageFailed("batch-unfinished", message, remedy) from error


def _link(staged: Path, target: Path) -> None:
    try:
        os.link(staged, target)
    except FileExistsError:
        if not target.is_symlink() and (
            os.path.samefile(staged, target) or target.read_bytes() == staged.read_bytes()
        ):
            return
        message = Message(
            N_("{path} was made by somebody else while an import was being written"),
            {"path": str(target)},
        )
        remedy = Message(N_("move that file away; the next command completes the import"))
        raise Busy("batch-blocked", message, remedy) from None


def _withdraw(journal: Path) -> None:
    """Take the commit away: what is in the journal counts for nothing from here on."""
    with suppress(FileNotFoundError):
        os.unlink(journal / _COMMIT)
        posix.sync_folder(journal)


def _remove(journal: Path) -> None:
    """Take the journal away, its commit first."""
    import shutil

    _withdraw(journal)
    shutil.rmtree(journal)
