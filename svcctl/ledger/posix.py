"""Durable files: lock, create, replace, append. All that is POSIX only; knows no records.

Writers hold the lock of the ledger while they call ``create``, ``replace``, ``append`` and
``sweep``. Readers need no lock: a file under its name is always a complete one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from svcctl.domain.problems import N_, Busy, Message, Problem, StorageFailed
from svcctl.ledger.source import MAX_BYTES
from svcctl.ledger.waiting import Waiting

_TEMP_PREFIX, _TEMP_SUFFIX = ".svcctl-", ".tmp"
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
_FULL_SYNC: int | None = getattr(
    fcntl, "F_FULLFSYNC", None
)  # macOS: fsync alone stops at the drive

_REMEDIES = {
    errno.ENOSPC: N_("free some space on the disk, then repeat the command"),
    errno.EDQUOT: N_("free some space within your quota, then repeat the command"),
    errno.EROFS: N_("the file system is read-only: mount it writable, then repeat the command"),
    errno.EACCES: N_("give yourself write permission to the folder, then repeat the command"),
    errno.EPERM: N_("give yourself write permission to the folder, then repeat the command"),
    errno.EIO: N_("the disk reports an error: save a copy of the ledger elsewhere first"),
    errno.ELOOP: N_("a record must be a plain file: replace the symbolic link by its target"),
    errno.ENOTDIR: N_("a file stands where a folder must be: move it away"),
    errno.ENAMETOOLONG: N_("use a shorter name"),
}
_REMEDY = N_("put this right, then repeat the command; nothing was changed")


def _failed(error: OSError, path: Path) -> StorageFailed:
    message = Message(
        N_("{path} cannot be written: {reason}"),
        {"path": str(path), "reason": os.strerror(error.errno) if error.errno else str(error)},
    )
    return StorageFailed(
        "storage-failed", message, Message(_REMEDIES.get(error.errno or 0, _REMEDY))
    )


def _unconfirmed(error: OSError, path: Path) -> StorageFailed:
    message = Message(
        N_("{path} was written, but the disk did not confirm it: {reason}"),
        {"path": str(path), "reason": os.strerror(error.errno) if error.errno else str(error)},
    )
    remedy = Message(N_("look at the record before you repeat the command, and check the disk"))
    return StorageFailed("storage-unconfirmed", message, remedy)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn an OSError within into StorageFailed about ``path`` (FileExistsError stays itself)."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise _failed(error, path) from error


@contextmanager
def lock(path: Path, timeout: float = 10.0, waiting: Waiting | None = None) -> Iterator[None]:
    """Hold the exclusive lock of the file ``path`` (made if missing; its folder must exist).

    Excludes every process and thread that uses this function on the same file, on one machine;
    on network file systems as far as they support flock. Not re-entrant. The system releases it
    when the process ends, however it ends. ``waiting`` is who waits, and how. After ``timeout``
    seconds raises Busy, which names the process and command that noted themselves in the file last.
    """
    waiting = waiting or Waiting()
    handle = -1
    try:
        for _ in waiting.turns(timeout, lambda: _held(path, WAITED_FOR)):
            with storage(path):
                handle = _try_lock(path)
            if handle >= 0:
                break
        else:
            raise Busy("lock-busy", _held(path, HELD), Message(HELD_REMEDY))
        with suppress(OSError):  # only a courtesy to those who wait
            note = f"{os.getpid()} {waiting.command}"[:NOTED].ljust(NOTED)  # one length for all
            os.pwrite(handle, f"{note}\n".encode("ascii", "replace"), 0)
        yield
    finally:
        if handle >= 0:
            # Unlock first: a child forked meanwhile would keep the lock by its copy of the handle.
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)


def _try_lock(path: Path) -> int:
    """A handle that holds the lock, or -1 while another one does."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    held = False
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return -1
        try:
            held = os.path.samestat(os.fstat(handle), os.stat(path))
        except FileNotFoundError:  # somebody deleted the file between open and flock
            held = False
        return handle if held else -1
    finally:
        if not held:
            os.close(handle)


NOTED = 63
HELD = (
    N_("another command (process {pid}: {command}) holds the lock {path}"),
    N_("another command (process {pid}) holds the lock {path}"),
    N_("another command holds the lock {path}"),
)
HELD_REMEDY = N_("wait until it has ended, then repeat; no record is half written")
WAITED_FOR = (
    N_("waiting for process {pid} ({command}) … Ctrl-C is safe: no record is half written"),
    N_("waiting for process {pid} … Ctrl-C is safe: no record is half written"),
    N_("waiting for another command … Ctrl-C is safe: no record is half written"),
)


def _held(path: Path, templates: tuple[str, str, str]) -> Message:
    """Say who holds the lock, as far as the file notes it."""
    noted = ""
    with suppress(OSError):
        noted = path.read_bytes()[:NOTED].decode("ascii", "replace").strip()
    pid, _, command = noted.partition(" ")
    args = {"path": str(path)}
    if not pid.isdigit():
        return Message(templates[2], args)
    args["pid"] = pid
    if not command.replace("-", "").replace(" ", "").isalpha():
        return Message(templates[1], args)
    return Message(templates[0], {**args, "command": command})


def _changed(path: Path) -> Busy:
    message = Message(
        N_("{path} was changed by somebody else since it was read"), {"path": str(path)}
    )
    remedy = Message(N_("nothing was written; repeat the command on what stands there now"))
    return Busy("file-changed", message, remedy)


def create(path: Path, data: bytes) -> None:
    """Make the file ``path`` with ``data``; missing folders are made.

    Afterwards the file is complete and survives a loss of power, as far as the disk keeps the
    promise of fsync. At no moment does ``path`` hold part of it. Never overwrites: raises
    FileExistsError if anything stands there. Raises StorageFailed, code "storage-failed", and
    leaves nothing under the name; or code "storage-unconfirmed" when the file is there but the
    folder could not be flushed.
    """
    with storage(path):
        folder = path.parent
        make_folders(folder)
        temp = write_temp(folder, data, None)
        try:
            os.link(temp, path)
        finally:
            discard(temp)
    try:
        sync_folder(folder)
    except OSError as error:
        raise _unconfirmed(error, path) from error


def replace(path: Path, data: bytes, expect_sha256: str) -> None:
    """Replace the content of the file ``path``, whose sha256 (hexadecimal) must be as expected.

    Afterwards ``path`` holds all of the new content, durably; a crash at any moment leaves the old
    or the new. The mode is kept, other names of the same file (hard links) keep the old content.
    Raises Busy and writes nothing if the file is not what was read. A program that does not hold
    the lock can still slip in between this comparison and the renaming, some microseconds later.
    Raises StorageFailed as ``create`` does.
    """
    with storage(path):
        mode = compare(path, expect_sha256)
        temp = write_temp(path.parent, data, mode)
        try:
            compare(path, expect_sha256)
            os.replace(temp, path)
        except BaseException:
            discard(temp)
            raise
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise _unconfirmed(error, path) from error


def append(path: Path, old: bytes, addition: bytes) -> None:
    """Make ``path``, which holds ``old``, hold ``old`` followed by ``addition``: see ``replace``.

    Not a write at the end of the file: a crash in the middle of that would leave half a line.
    """
    replace(path, old + addition, sha256(old))


def sha256(content: bytes) -> str:
    """The hexadecimal digest that ``replace`` asks for."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def compare(path: Path, expect_sha256: str) -> int:
    """The permission bits of ``path`` if its content is as expected; otherwise raises Busy."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _changed(path) from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _changed(path)
        if sha256(_read_all(handle)) != expect_sha256:
            raise _changed(path)
        return stat.S_IMODE(found.st_mode)
    finally:
        os.close(handle)


def _read_all(handle: int, limit: int = -1) -> bytes:
    """What remains to be read; with a limit, a little more than it at most."""
    parts: list[bytes] = []
    size = 0
    while part := os.read(handle, 1 << 20):
        parts.append(part)
        size += len(part)
        if 0 <= limit < size:
            break
    return b"".join(parts)


def write_temp(folder: Path, data: bytes, mode: int | None, *, flush: bool = True) -> Path:
    """A new file with ``data`` in ``folder``, flushed or not; removed again if anything fails."""
    name = f"{_TEMP_PREFIX}{os.getpid()}-{os.urandom(6).hex()}{_TEMP_SUFFIX}"
    temp = folder / name
    try:
        handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            if mode is not None:  # the mode of a file that is replaced, whatever the umask
                os.fchmod(handle, mode)
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
            if flush:
                sync_file(handle)
        finally:
            os.close(handle)
    except BaseException:
        discard(temp)
        raise
    return temp


def discard(temp: Path) -> None:
    """Remove a temporary file; one that resists is left for ``sweep``, the record is not harmed."""
    with suppress(OSError):
        os.unlink(temp)


def sync_file(handle: int) -> None:
    """Flush a file to the disk itself."""
    if _FULL_SYNC is None:
        os.fsync(handle)
        return
    try:
        fcntl.fcntl(handle, _FULL_SYNC)
    except OSError:  # not every file system of a Mac knows it
        os.fsync(handle)


def sync_path(path: Path) -> None:
    """Flush the file at ``path``, which nobody holds open."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync_file(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Flush the names in ``folder``. File systems that cannot (EINVAL) are taken at their word."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def make_folders(folder: Path) -> None:
    """Make ``folder`` and what is missing above it, durably. Raises OSError."""
    missing: list[Path] = []
    while not folder.is_dir():
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for each in reversed(missing):
        try:
            os.mkdir(each)
        except FileExistsError:
            if not each.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        sync_folder(each.parent)


def sweep(folder: Path) -> int:
    """Remove temporary files that killed commands left in ``folder`` (not below); their number.

    Call it under the lock, or a running command may lose the file it is writing.
    """
    swept = 0
    with storage(folder):
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            return 0
        for entry in entries:
            if entry.name.startswith(_TEMP_PREFIX) and entry.name.endswith(_TEMP_SUFFIX):
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)
                    swept += 1
    return swept


def read_record(file: Path | str, path: str) -> tuple[bytes | None, Problem | None]:
    """The bytes of a record file, or the problem that stands in the way (E113, E116).

    ``path`` is relative to the ledger's root and goes into the problem. Never follows a symbolic
    link in the last place and never waits on a pipe. Raises FileNotFoundError if nothing is there.
    """
    content, problem, _ = read_and_changed(file, path)
    return content, problem


def read_and_changed(file: Path | str, path: str) -> tuple[bytes | None, Problem | None, int]:
    """As ``read_record``, and when the file was changed last (its ctime, in nanoseconds), asked after
    the bytes were read; 0 where there is a problem."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        found = N_("a symbolic link")
        if error.errno != errno.ELOOP:
            found = os.strerror(error.errno or 0)
        return None, Problem("E116", path, args={"found": found}), 0
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            found = N_("a folder") if stat.S_ISDIR(status.st_mode) else N_("a pipe or device")
            return None, Problem("E116", path, args={"found": found}), 0
        if status.st_size > MAX_BYTES:
            sizes = {"size": str(status.st_size), "limit": str(MAX_BYTES)}
            return None, Problem("E113", path, args=sizes), 0
        content = os.read(handle, status.st_size + 1)
        if len(content) != status.st_size:  # it grows meanwhile, or came in pieces
            content += _read_all(handle, MAX_BYTES)
        return content, None, os.fstat(handle).st_ctime_ns
    except OSError as error:
        return None, Problem("E116", path, args={"found": os.strerror(error.errno or 0)}), 0
    finally:
        os.close(handle)
