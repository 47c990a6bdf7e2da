"""The page about stores in buckets, run against a server that speaks S3."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tests.architecture.repository import ROOT
from wbtable.cli.app import cli

if TYPE_CHECKING:
    from pathlib import Path

    from tests.remote.places import RemotePlace

PAGE = ROOT / "docs" / "remote-stores.md"


def blocks(language: str) -> list[re.Match[str]]:
    return list(re.finditer(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))


@pytest.mark.only("moto")
def test_the_pages_blocks_run_one_after_the_other(
    place: RemotePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = place.options["endpoint_url"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    text = PAGE.read_text("utf-8")
    names: dict[str, Any] = {}
    found = blocks("python")
    assert len(found) == 4
    for block in found:
        code = block[1].replace("s3://bucket/", f"s3://{place.bucket}/docs/")
        before = "\n" * text[: block.start(1)].count("\n")
        exec(compile(before + code, str(PAGE), "exec"), names)

    # The commands reach the same server by either variable; fsspec reads its own when it is imported.
    url = f"s3://{place.bucket}/docs/experiments"
    done = CliRunner().invoke(cli, ["doctor", "--store", url], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    environment = {**os.environ, "FSSPEC_S3_ENDPOINT_URL": endpoint}
    del environment["AWS_ENDPOINT_URL"]
    command = [sys.executable, "-m", "wbtable", "--store", url, "ls"]
    listed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert "digits/run-" in listed.stdout
    copied = CliRunner().invoke(cli, ["--store", "here", "copy", f"{url}-copy", "--create"], catch_exceptions=False)
    assert copied.exit_code == 0, copied.output


def test_the_pages_commands_are_commands() -> None:
    lines = [line for block in blocks("sh") for line in block[1].splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if line.startswith("wbtable")]
    assert {words[1] for words in found} == {"ls", "doctor", "cache", "copy"}
    for words in found:
        assert CliRunner().invoke(cli, [words[1], "--help"]).exit_code == 0
