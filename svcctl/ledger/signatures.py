"""Verifying git's signatures: sound, bad, or not to be told on this computer. Knows git's settings and
what ssh-keygen and GnuPG say; not what is signed, nor what follows.

Whether a signature is sound and whose it is are two questions. Whose keys count is a setting of each
computer; where it is not made, an honest signature is not bad: it cannot be verified there.
"""

from __future__ import annotations

import os
from shutil import which

from svcctl.domain.seals import Seal
from svcctl.ledger.git import GitDir, run, start

ALLOWED = "gpg.ssh.allowedSignersFile"
_SSH = "-----BEGIN SSH SIGNATURE-----"
_OTHERS = ("-----BEGIN PGP ", "-----BEGIN SIGNED MESSAGE-----")
_GOOD = b'Good "git" signature'
_CANNOT_TELL = (b" ERRSIG ", b" NO_PUBKEY ", b" EXPKEYSIG ")
"""What GnuPG says where the key is not here, is of a kind it does not know, or has expired since."""


def signature_fault(gitdir: GitDir, seal: Seal) -> str:
    """Return what is wrong with a seal's signature: "", a key of ``UNSOUND`` or one of ``UNVERIFIED``
    (``domain.seals``)."""
    _, _, signed = seal.signature.partition("\n\n")
    if not signed.startswith(seal.signed_text()):
        return "other-words"
    block = signed[len(seal.signed_text()) :]
    if not block.startswith((_SSH, *_OTHERS)):
        return "bad-signature"
    made = run(gitdir.top, ["hash-object", "-t", "tag", "-w", "--stdin"], seal.signature.encode())
    tag = made.decode("ascii").strip()
    return _ssh_fault(gitdir, tag) if block.startswith(_SSH) else _gnupg_fault(gitdir, tag)


def _ssh_fault(gitdir: GitDir, tag: str) -> str:
    if which(_setting(gitdir, "gpg.ssh.program") or "ssh-keygen") is None:
        return "no-verifier"
    allowed = _setting(gitdir, ALLOWED)
    named = bool(allowed) and os.path.isfile(gitdir.top / allowed)
    # Without a list of keys git does not even look whether the signature is one over these words.
    words = [] if named else ["-c", f"{ALLOWED}={os.devnull}"]
    code, told = _verified(gitdir, [*words, "verify-tag", "--raw", tag])
    if code == 0:
        return ""
    if _GOOD not in told:
        return "bad-signature"
    return "unlisted-key" if named else "no-signers"


def _gnupg_fault(gitdir: GitDir, tag: str) -> str:
    code, told = _verified(gitdir, ["verify-tag", "--raw", tag])
    if code == 0:
        return ""
    if b"[GNUPG:]" not in told:
        return "no-verifier"
    return "no-key" if any(word in told for word in _CANNOT_TELL) else "bad-signature"


def _verified(gitdir: GitDir, words: list[str]) -> tuple[int, bytes]:
    process = start(gitdir.top, words)
    out, err = process.communicate()
    return process.returncode, out + err


def _setting(gitdir: GitDir, name: str) -> str:
    """Return a setting of git's that names a file; "" where it is not made."""
    process = start(gitdir.top, ["config", "--type=path", "--get", name])
    return process.communicate()[0].decode("utf-8", "surrogateescape").rstrip("\n")
