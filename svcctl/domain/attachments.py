"""Files that belong to a ticket: what they are called, what kind they are, which the policy allows.

Knows the beginnings of files and the policy; opens none. A file is named by its content, so that the
same one is stored once and no name that somebody thought up ever becomes a path.
"""

from __future__ import annotations

import re
import unicodedata

from svcctl.domain.policy import Policy
from svcctl.domain.problems import N_, Message, Refusal

LARGEST = 999_999_999
"""Bytes: the largest number that a line of the format can state."""
OTHER = "bin"
LOOKED_AT = 4096
"""How many bytes of a file tell its kind."""

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"%PDF-", "pdf"),
    (b"#!AMR", "amr"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
)
_BRANDS = {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"qt  ": "mov", b"M4A ": "m4a"}
_ZIPPED = ("docx", "xlsx", "pptx", "odt", "ods")
_LAID_OUT = ("csv", "md")
KINDS = (
    *(kind for _, kind in _BEGINNINGS),
    *dict.fromkeys(_BRANDS.values()),
    *("mp4", "webp", "wav", "zip", "txt", OTHER),
    *_ZIPPED,
    *_LAID_OUT,
)
"""Every kind there is a name for: what a policy may list under ``types``."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_NAME = 120
POINTER = b"version https://git-lfs.github.com/spec/"


def kind_of(name: str, beginning: bytes) -> str:
    """Return the kind of a file by how it begins; the end of its name only where that leaves a choice."""
    for start, kind in _BEGINNINGS:
        if beginning.startswith(start):
            return kind
    suffix = name.rpartition(".")[2].lower()
    if beginning[4:8] == b"ftyp":
        return _BRANDS.get(beginning[8:12], "mp4")
    if beginning[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(beginning[8:12], OTHER)
    if beginning.startswith(b"PK\x03\x04"):
        return suffix if suffix in _ZIPPED else "zip"
    if re.match(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", beginning):
        return "mp3"
    if _is_text(beginning):
        return suffix if suffix in _LAID_OUT else "txt"
    return OTHER


def _is_text(beginning: bytes) -> bool:
    # Where the file goes on, the last character may be cut in two.
    for cut in range(4 if len(beginning) == LOOKED_AT else 1):
        try:
            text = beginning[: len(beginning) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    return False


def shown_name(name: str) -> str:
    """Return the last part of a file's name as one harmless line: what the event says it was called."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in _UNSEEN)
    tidy = " ".join(unicodedata.normalize("NFC", seen).split())
    return tidy[:_LONGEST_NAME] or "?"


def path_of(ticket: str, sha256: str, kind: str) -> str:
    """Return where a ticket's attachment lies, from the ledger's root."""
    return f"records/attachments/{ticket}/{sha256}.{kind}"


def size_text(size: int) -> str:
    """Return a number of bytes as people say it: ``1.2 MB``."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} B"


def check(policy: Policy, name: str, size: int, kind: str) -> None:
    """Raise ``Refusal`` where the policy, or the format, does not take such a file."""
    said = shown_name(name)
    most = min(policy.attachment_size or LARGEST, LARGEST)
    if size > most:
        raise Refusal(
            "too-large",
            Message(
                N_("{name} has {size}; an attachment has at most {most}"),
                {"name": said, "size": size_text(size), "most": size_text(most)},
            ),
            Message(N_("make it smaller, or keep it elsewhere and note where"), {}),
        )
    if size == 0:
        raise Refusal("empty-file", Message(N_("{name} is empty"), {"name": said}))
    types = policy.attachment_types
    if types is not None and kind not in types:
        raise Refusal(
            "type-not-allowed",
            Message(
                N_("{name} is {kind} by its content; allowed are: {types}"),
                {"name": said, "kind": kind, "types": ", ".join(types)},
            ),
            Message(N_("convert it, or have the policy list its type (attachments: types)"), {}),
        )
