"""The programs that git calls for us, as they are: ssh with a real sshd, git-lfs, gpg. Skipped where one is missing."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import TICKET
from stations import stations

from svcctl.ledger.folder import Ledger

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
RULES = "records/policy/2026-01-01.yaml"


def program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def ran(*words: str | Path, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in words], env={**os.environ, **more}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_stations_sync_over_a_real_ssh_and_the_hub_looks_at_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No port: ssh starts a sshd for its connection and speaks with it through a pipe."""
    sshd, ssh, keygen = program("sshd"), program("ssh"), program("ssh-keygen")
    for name in ("host", "person"):
        ran(keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name)
    server, client = tmp_path / "sshd_config", tmp_path / "ssh_config"
    above = Path(made.__file__).parents[1]
    server.write_text(
        f"HostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/person.pub\nStrictModes no\n"
        f"UsePAM no\nPidFile none\nPermitRootLogin yes\nSetEnv PYTHONPATH={above}\n"
    )
    (tmp_path / "known").write_text(f"hub.example {(tmp_path / 'host.pub').read_text()}")
    client.write_text(
        f"Host hub.example\n ProxyCommand {sshd} -i -e -f {server} 2>{tmp_path}/log\n"
        f" User {getpass.getuser()}\n IdentityFile {tmp_path}/person\n IdentitiesOnly yes\n"
        f" UserKnownHostsFile {tmp_path}/known\n BatchMode yes\n"
    )
    tried = subprocess.run(
        [ssh, "-F", client, "hub.example", "true"], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"sshd does not serve here: {(tmp_path / 'log').read_text()[-200:]}")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{ssh} -F {client}")
    three = stations(tmp_path / "machines", hook=True)
    for root in (three.sha, three.bja):
        made.git(root, "remote", "set-url", "origin", f"hub.example:{three.hub}")
        made.sure(root, "ticket", "note", TICKET, f"by {root.name}")
    made.sure(three.bja, "sync")
    told = made.sure(three.sha, "sync").out
    assert "1 on both sides" in told
    made.sure(three.bja, "sync")
    assert "by SHA" in made.ticket_file(three.bja).read_text("utf-8")
    station = tmp_path / "station"
    made.sure("", "init", "--from", f"ssh://hub.example{three.hub}", "--desk", "HZ", str(station))
    assert "by BJA" in made.ticket_file(station).read_text("utf-8")

    file = made.ticket_file(three.sha)  # what breaks the book is refused by the hub over there
    file.write_text(file.read_text("utf-8").replace("by SHA", "by HAS"), "utf-8")
    made.commit_all(three.sha)
    env = {"GIT_SSH_COMMAND": os.environ["GIT_SSH_COMMAND"], "PATH": os.environ["PATH"]}
    push = subprocess.run(
        ["git", "push", "origin", "main"], cwd=three.sha, env=env, capture_output=True, check=False
    )
    assert push.returncode != 0
    assert TICKET in push.stderr.decode()

    client.write_text(client.read_text().replace("/person\n", "/host\n"))  # another key: no entry
    refused = made.call(three.bja, "sync")
    assert (refused.code, "[remote-unreachable]" in refused.err) == (6, True)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def test_attachments_travel_by_git_lfs_and_the_history_holds_pointers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("git-lfs")
    monkeypatch.setenv("HOME", str(tmp_path))
    three = stations(tmp_path / "machines")
    attributes = three.sha / "records/.gitattributes"
    attributes.write_text(
        attributes.read_text() + "attachments/** filter=lfs diff=lfs merge=lfs -text\n", "utf-8"
    )
    made.commit_all(three.sha)
    for root in (three.sha, three.bja):
        ran("git", "-C", root, "lfs", "install", "--local", "--skip-repo")
        made.sure(root, "sync")
    photo = tmp_path / "photo.png"
    photo.write_bytes(PNG)
    made.sure(three.sha, "ticket", "attach", TICKET, photo)
    assert made.git(three.sha, "status", "--porcelain") == ""
    [stored] = (three.sha / "records/attachments").rglob("*.png")
    path = stored.relative_to(three.sha)
    assert stored.read_bytes() == PNG
    assert made.git(three.sha, "show", f"HEAD:{path}").startswith("version https://git-lfs")
    made.sure(three.sha, "sync")
    made.sure(three.bja, "sync")
    assert (three.bja / path).read_bytes() == PNG
    assert made.git(three.bja, "status", "--porcelain") == ""
    photo.write_bytes(PNG * 2)
    made.sure(three.sha, "ticket", "attach", TICKET, photo)
    made.git(three.sha, "push", "--quiet", "--no-verify", "origin", "main")  # without its content
    told = made.sure(three.bja, "sync")
    assert "git lfs pull" in told.err
    assert "E311" in made.call(three.bja, "audit", "--only", "E3").out
    made.git(three.sha, "lfs", "push", "--all", "origin")
    made.git(three.bja, "lfs", "pull")
    for root in (three.sha, three.bja):
        assert made.sure(root, "audit", "--only", "E3").out.startswith("0 errors, 0 warnings")


@pytest.mark.parametrize("both", [False, True], ids=["SHA alone", "both sides changed"])
@pytest.mark.parametrize("storage", ["", "elsewhere"], ids=["in .git", "a store elsewhere"])
def test_git_lfs_set_up_and_the_first_attachment_arrive_in_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, both: bool, storage: str
) -> None:
    program("git-lfs")
    monkeypatch.setenv("HOME", str(tmp_path))
    three = stations(tmp_path / "machines")
    for root in (three.sha, three.bja):
        ran("git", "-C", root, "lfs", "install", "--local", "--skip-repo")
        if storage:
            made.git(root, "config", "lfs.storage", str(tmp_path / storage / root.name))
    attributes = three.sha / "records/.gitattributes"
    attributes.write_text(
        attributes.read_text() + "attachments/** filter=lfs diff=lfs merge=lfs -text\n", "utf-8"
    )
    made.commit_all(three.sha)
    photo = tmp_path / "photo.png"
    photo.write_bytes(PNG)
    made.sure(three.sha, "ticket", "attach", TICKET, photo)
    made.sure(three.sha, "sync")
    if both:
        made.sure(three.bja, "ticket", "note", TICKET, "here")
    synced = made.sure(three.bja, "sync")
    assert synced.err == ""
    [stored] = (three.bja / "records/attachments").rglob("*.png")
    assert stored.read_bytes() == PNG
    assert made.git(three.bja, "status", "--porcelain") == ""
    path = stored.relative_to(three.bja)
    assert made.git(three.bja, "show", f"HEAD:{path}").startswith("version https://git-lfs")
    assert (three.bja / ".git/lfs/objects").is_dir() == (not storage)
    assert made.sure(three.bja, "audit", "--only", "E3").out.startswith("0 errors, 0 warnings")


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A key of its own for gpg, for 协调员甲; its agent is ended afterwards."""
    gpg = program("gpg")
    folder = Path(os.path.realpath(os.environ.get("TMPDIR", "/tmp"))) / f"gpg-{os.getpid()}"
    folder.mkdir(mode=0o700)  # a short path: the agent's socket lies there
    monkeypatch.setenv("GNUPGHOME", str(folder))
    try:
        ran(
            *(gpg, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""),
            *("--quick-generate-key", "desk1@desk.invalid", "ed25519", "sign", "never"),
        )
        yield "desk1@desk.invalid"
    finally:
        agent = shutil.which("gpgconf")
        if agent:
            subprocess.run([agent, "--kill", "gpg-agent"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_seal_signed_with_gpg_is_verified_by_the_audit(ledger: Path, keyring: str) -> None:
    october = "2026-10-12T09:00:00+08:00"
    new = ("ticket", "new", "--kind", "inquiry", "--customer", made.CUSTOMER, "--subject", "问")
    made.sure(ledger, *new, now=october)
    made.sure(ledger, "ticket", "cancel", "SHA-261012-018", "--reason", "x", now=october)
    made.git(ledger, "config", "user.signingKey", keyring)
    Ledger(ledger).note_station("SHA", "desk1")
    made.sure(ledger, "seal", "2026-10", "--sign")
    seal = ledger / "records/seals/2026-10.yaml"
    assert "BEGIN PGP SIGNATURE" in seal.read_text("utf-8")
    assert made.sure(ledger, "audit", "--history").out.startswith("0 errors, 0 warnings")
    made.sure(ledger, "audit", "--only", "E5")
    shutil.rmtree(os.environ["GNUPGHOME"])  # a clone that does not have the key
    Path(os.environ["GNUPGHOME"]).mkdir(mode=0o700)
    found = made.sure(ledger, "audit", "--history").out
    assert "E512" in found, "nothing is known to be wrong with it"
    assert "E509" not in found
