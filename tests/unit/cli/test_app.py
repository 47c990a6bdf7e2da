from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from wbtable import __version__
from wbtable.cli import app
from wbtable.cli.app import COMMANDS, cli
from wbtable.errors import (
    AlreadyExistsError,
    DigestMismatchError,
    DiskFullError,
    NotFoundError,
    UnsupportedError,
    UsageError,
)

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Shell

ROOT = Path(__file__).parents[3]


def call(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.update(options.pop("env", {}))
    return subprocess.run(
        [sys.executable, "-m", "wbtable", *args],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_python_dash_m_is_the_command_line() -> None:
    done = call("--version")
    assert (done.returncode, done.stdout) == (0, f"wbtable {__version__}\n")


def test_help_imports_no_command() -> None:
    code = (
        "import sys\nfrom wbtable.cli.app import cli\n"
        "try:\n    cli.main(['--help'], prog_name='wbtable')\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'rich', 'pyarrow', 'numpy', 'duckdb', 'fsspec'} & set(sys.modules)\n"
        "print(sorted(heavy), [name for name in sys.modules if name.endswith('_command')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "[] []"


def test_help_names_every_command_and_exit_code() -> None:
    text = CliRunner().invoke(cli, ["--help"]).stdout
    for name, line in COMMANDS.items():
        assert f"  {name} " in text
        assert line in text
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 70, 130):
        assert f"    {code} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_and_takes_the_common_options(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    for option in ("--json", "--store", "--debug", "Examples:", f"wbtable {name}"):
        assert option in result.stdout


@pytest.mark.parametrize("args", [["nonsense"], ["ls", "--nonsense"], ["head"], ["--nonsense"], ["log", "a", "b"]])
def test_wrong_commands_are_one_line(args: list[str]) -> None:
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == app.USAGE
    assert result.stderr.startswith("wbtable: ")
    assert result.stderr.count("\n") == 1


def test_near_commands_are_suggested() -> None:
    assert "did you mean verify" in CliRunner().invoke(cli, ["verfy"]).stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (NotFoundError("x"), 3),
        (AlreadyExistsError("x"), 4),
        (DigestMismatchError("x"), 5),
        (UnsupportedError("x"), 6),
        (DiskFullError("x"), 7),
        (OSError("x"), 7),
        (ZeroDivisionError("x"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(error: BaseException, code: int, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr("wbtable.cli.options.Options.backend", fail)
    shell.fails(code, "ls")


def test_a_missing_store_is_said_with_advice(tmp_path: Path) -> None:
    done = call("ls", cwd=tmp_path)
    assert done.returncode == app.NOT_FOUND
    assert done.stderr.count("\n") == 1
    assert "wbtable init" in done.stderr


def test_debug_shows_where(tmp_path: Path) -> None:
    for args in (["--debug", "ls"], ["ls", "--debug"]):
        done = call(*args, cwd=tmp_path)
        assert done.returncode == app.NOT_FOUND
        assert "Traceback" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("wbtable: ")


def test_options_count_before_and_behind_the_command(digits: Shell) -> None:
    before = CliRunner().invoke(cli, ["--json", "--store", digits.store.url, "ls"])
    behind = CliRunner().invoke(cli, ["ls", "--store", digits.store.url, "--json"])
    assert before.stdout == behind.stdout
    assert before.stdout.startswith("[")


def test_a_reader_that_closes_the_pipe_is_no_error(digits: Shell) -> None:
    done = subprocess.run(
        f"{sys.executable} -m wbtable --store {digits.store.url} head digits/predictions -n 20 | head -n 1",
        shell=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def complete(words: str, index: int, store: str) -> list[str]:
    done = call(
        env={
            "_WBTABLE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(index),
            "WBTABLE_STORE": store,
        }
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_completion(digits: Shell) -> None:
    assert complete("wbtable ver", 1, digits.store.url) == ["verify"]
    assert complete("wbtable log dig", 2, digits.store.url) == ["digits/predictions"]
    assert complete("wbtable show digits/predictions:b", 2, digits.store.url) == ["digits/predictions:best"]
    assert complete("wbtable runs d", 2, digits.store.url) == ["digits"]
    for shell in ("bash", "zsh", "fish"):
        assert "_WBTABLE_COMPLETE" in digits.ok("completion", shell)


def test_on_a_terminal_tables_are_drawn(digits: Shell) -> None:
    import pty

    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wbtable", "--store", digits.store.url, "ls"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"},
        stdout=child,
    )
    process.wait(timeout=60)
    os.close(child)
    text = os.read(parent, 65536).decode()
    os.close(parent)
    assert "\x1b[1m" in text
    assert "digits/predictions" in text


def test_the_reference_of_commands_is_current() -> None:
    """Run ``python -m wbtable.cli.reference``."""
    from wbtable.cli.reference import PLACE, reference

    text = PLACE.read_text("utf-8")
    assert text == reference()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(COMMANDS)


def test_a_closed_pipe_has_an_exit_code_of_its_own(digits: Shell) -> None:
    """It was 1, which says that damage was found."""
    command = [sys.executable, "-m", "wbtable", "--store", digits.store.url, "runs", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(command, env=environment, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == app.CLOSED


def test_without_a_stdout(digits: Shell) -> None:
    shell = f'exec "{sys.executable}" -m wbtable --store "{digits.store.url}" ls >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
