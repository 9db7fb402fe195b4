"""The command answers fast, and every refusal is one sentence with a non-zero exit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jiaoan.project import cli
from jiaoan.project.installation import Installation, Kind
from jiaoan.project.system import Wanted, plan
from jiaoan.stores.server import Plan

COMMAND = [sys.executable, "-m", "jiaoan.project.cli"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(list(words)) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1, "one sentence"
    return captured.err


def test_it_knows_its_commands_without_loading_the_product() -> None:
    program = (
        "import sys; from jiaoan.project.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('django', 'asyncio', 'numpy', 'nats') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "reference" in said.stdout
    assert said.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["up", "--port", "abc"], "'abc' is no port"),
        (["up", "--today", "2024-13-01"], "write it as 2024-04-08"),
        (["up", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["serve"], "--data"),
    ],
)
def test_it_answers_wrong_words_with_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert sentence in said
    assert said.count("\n") == 1


def test_it_does_not_serve_demonstration_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Installation(tmp_path / "d").make(Kind.DEMO)
    said = refused(capsys, "serve", "--data", str(tmp_path / "d"))
    assert "holds demonstration data" in said
    said = refused(capsys, "serve", "--data", str(tmp_path / "none"))
    assert "jiaoan init" in said


def test_a_command_names_a_directory_that_holds_no_installation(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JIAOAN_")}
    ended = subprocess.run(
        [*COMMAND, "verify", "--data", str(tmp_path / "none")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == (
        f"{tmp_path / 'none'} holds no installation: "
        f"make one with jiaoan init --data {tmp_path / 'none'}.\n"
    )


def test_it_does_not_make_a_demonstration_of_real_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Installation(tmp_path / "d").make(Kind.REAL)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = str(probe.getsockname()[1])
    words = ["up", "--data", str(tmp_path / "d"), "--port", free, "--gateway-port", free]
    said = refused(capsys, *words, "--today", "2024-04-08")
    assert "--notice and --today belong to demonstrations" in said


def test_it_refuses_debugging_on_real_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Installation(tmp_path / "d").make(Kind.REAL)
    monkeypatch.setenv("JIAOAN_DEBUG", "1")
    assert "JIAOAN_DEBUG" in refused(capsys, "serve", "--data", str(tmp_path / "d"))


@pytest.mark.parametrize("option", ["--port", "--gateway-port"])
def test_it_names_a_used_port(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = str(probe.getsockname()[1])
        ports = {"--port": free, "--gateway-port": free, option: port}
        words = [word for pair in ports.items() for word in pair]
        said = refused(capsys, "up", "--data", str(tmp_path / "d"), *words)
    assert f"Port {port} of 127.0.0.1 is in use" in said
    assert option in said


def test_it_names_a_missing_notice_and_unknown_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "d")
    assert "no file" in refused(capsys, "up", "--data", data, "--notice", str(tmp_path / "n.txt"))
    assert "does not know oven" in refused(capsys, "up", "--data", data, "--only", "web,oven")


def test_it_starts_as_many_gateways_as_are_wanted_on_one_port(tmp_path: Path) -> None:
    installation, bus = Installation(tmp_path), Plan(Path("nats"), Path("x"), 1, 2)
    wanted = Wanted(tmp_path, gateway_port=7900, attachment_port=7901)
    (alone,) = [one for one in plan(installation, wanted, bus) if one.name == "gateway"]
    assert "--process" not in alone.command
    three = plan(installation, replace(wanted, gateways=3, gateway_host="0.0.0.0"), bus)
    found = [one for one in three if one.name.startswith("gateway")]
    assert [one.name for one in found] == ["gateway", "gateway-2", "gateway-3"]
    for number, one in enumerate(found, start=1):
        words = " ".join(one.command)
        assert "--host 0.0.0.0 --port 7900 --attachment-port 7901" in words
        assert f"--process {number} " in words
        assert words.endswith(f"gateway-{number}.json")


@pytest.mark.parametrize(
    "words",
    [["--port", "0"], ["--port", "x"], ["--today", "8 April"], ["--gateways", "0"]],
)
def test_it_names_a_wrong_word(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["up", *words])
    assert ended.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_it_says_that_a_disk_is_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "_dispatch", full)
    assert "disk is full" in refused(capsys, "up")


@pytest.mark.socket
def test_it_sets_up_real_data_once(tmp_path: Path) -> None:
    data = tmp_path / "real"
    words = [
        *COMMAND,
        "init",
        "--data",
        str(data),
        "--bureau",
        "临江区交通运输局",
        "--admin",
        "chen",
    ]
    made = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert made.returncode == 0, made.stderr
    password = made.stdout.split("chen / ")[1].split()[0]
    assert len(password) >= 20
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert password.encode() not in kept
    again = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert again.returncode == 1
    assert "has an administrator already" in again.stderr
    checked = [*COMMAND, "verify", "--data", str(data)]
    assert subprocess.run(checked, capture_output=True).returncode == 0


def test_it_asks_for_names_only_at_a_terminal(tmp_path: Path) -> None:
    words = [*COMMAND, "init", "--data", str(tmp_path / "d")]
    said = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert said.returncode == 1
    assert "--bureau" in said.stderr
