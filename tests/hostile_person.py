"""A personal configuration of git that would spoil what svcctl does, if it could, and who has it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SETTINGS = """\
[user]
	useConfigOnly = true
[commit]
	gpgsign = true
[core]
	hooksPath = {hooks}
	autocrlf = true
	safecrlf = true
	quotepath = true
	fsmonitor = {hooks}/fsmonitor
	ignoreStat = true
	attributesFile = {hooks}/attributes
	fsyncMethod = writeout-only
[status]
	showUntrackedFiles = no
	relativePaths = true
	short = true
[i18n]
	commitEncoding = GB18030
[fastimport]
	unpackLimit = 1
[init]
	defaultBranch = trunk
	templateDir = {hooks}/template
"""
HOOKS = "fsmonitor post-commit post-index-change pre-commit reference-transaction".split()


def settle_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make that configuration the one of whoever runs git from now on."""
    hooks = tmp_path / "person" / "hooks"
    (hooks / "template" / "hooks").mkdir(parents=True)
    for name in HOOKS:
        for place in (hooks / name, hooks / "template" / "hooks" / name):
            place.write_text("#!/bin/sh\nexit 1\n")
            place.chmod(0o755)
    (hooks / "attributes").write_text("* filter=nonesuch text eol=crlf\n")
    (hooks.parent / ".gitconfig").write_text(SETTINGS.format(hooks=hooks))
    monkeypatch.setenv("HOME", str(hooks.parent))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def person(folder: Path, *words: str) -> str:
    """What a person does with git by hand, with an identity and without the hostile settings."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": "someone", f"GIT_{role}_EMAIL": "someone@example.com"}
    words = ("-c", "core.quotePath=false", *words)
    done = subprocess.run(
        ["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout
