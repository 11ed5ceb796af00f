"""Bad input: code 2, every problem, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest


def check_refusal(refused, folder: Path, *said: str) -> None:
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr
    for words in said:
        assert words in refused.stderr
    assert {path.name for path in folder.iterdir()} <= {"tiny.yaml", "bad.yaml"}


@pytest.mark.parametrize("command", ["run", "check", "show"])
def test_a_typo_names_the_line_and_the_right_key(aimarkets, folder: Path, command: str) -> None:
    text = (folder / "tiny.yaml").read_text()
    (folder / "bad.yaml").write_text(text.replace("complement: 0.5", "complemnt: 0.5"))
    line = next(i for i, found in enumerate(text.splitlines(), 1) if "complement" in found)
    refused = aimarkets(command, "bad.yaml")
    check_refusal(refused, folder, f"bad.yaml:{line}: ", "complemnt", "did you mean 'complement'?")


def test_all_problems_are_told_at_once(aimarkets, folder: Path) -> None:
    text = (folder / "tiny.yaml").read_text()
    text = text.replace("price: 20000", "price: -1").replace("cash: 5.0e9", "cash: lots")
    (folder / "bad.yaml").write_text(text)
    check_refusal(aimarkets("run", "bad.yaml"), folder, "chips.standard.price", "labs.leader.cash")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"[1, 2", b"- a\n- b\n", b"a: &x 1\nb: *x\n", b"{" * 5000, b"!!python/name:os"],
    ids=["empty", "not-utf-8", "not-yaml", "list", "alias", "deep", "tag"],
)
def test_files_that_are_no_scenario(aimarkets, folder: Path, content: bytes) -> None:
    (folder / "bad.yaml").write_bytes(content)
    check_refusal(aimarkets("run", "bad.yaml"), folder, "bad.yaml")


def test_a_huge_file(aimarkets, folder: Path) -> None:
    with (folder / "bad.yaml").open("wb") as file:
        file.truncate(100_000_000)
    check_refusal(aimarkets("run", "bad.yaml"), folder, "bad.yaml: a file of 100.0 MB")


@pytest.mark.parametrize("name", ["missing.yaml", "basline", ".", "", "a\nb"])
def test_scenarios_that_are_not_there(aimarkets, folder: Path, name: str) -> None:
    check_refusal(aimarkets("run", name), folder)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "labs.leader.cahs=1"], "did you mean"),
        (["--set", "labs.leader.cash"], "labs.leader.cash"),
        (["--set", "labs.leader.cash=much"], "much"),
        (["--replicates", "0"], "replicates: 0; allowed: 1 to 100000"),
        (["--seed", "-1"], "seed: -1; allowed: 0 to"),
        (["--seed", "x"], "--seed"),
        (["--workers", "0"], "--workers"),
        (["--sed", "1"], "--sed"),
        (["--uncertainty"], "no parameter of 'tiny' is a distribution"),
    ],
)
def test_options(aimarkets, folder: Path, options: list[str], said: str) -> None:
    check_refusal(aimarkets("run", "tiny.yaml", *options), folder, said)


def test_an_unknown_command(aimarkets, folder: Path) -> None:
    check_refusal(aimarkets("rum", "tiny.yaml"), folder, "No such command 'rum'", "aimarkets --help")
