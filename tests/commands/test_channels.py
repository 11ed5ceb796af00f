"""`aimarkets channels`."""

from __future__ import annotations

from pathlib import Path

SHORT = ("--set", "end=2023-05", "--set", "mechanisms.open_spillover=false", "--replicates", "1")
RULE = ("tiny.yaml", "--without", "entry-of-a-rule", "--region", "south")


def test_prints_the_table_and_draws_the_waterfall(aimarkets, folder: Path) -> None:
    done = aimarkets("channels", *RULE, *SHORT)
    assert done.exit_code == 0
    assert done.stdout.startswith("tiny: effect of entry-of-a-rule, seed 1\n")
    assert "south, since the rule\n" in done.stdout
    assert done.stdout.endswith("outputs/tiny-channels: channels.csv, worlds.csv, waterfall.png and .svg\n")
    assert {path.name for path in (folder / "outputs" / "tiny-channels").iterdir()} == {
        "channels.csv", "channels.json", "scenario.yaml", "waterfall.png", "waterfall.svg", "worlds.csv",
    }  # fmt: skip


def test_keeps_what_is_there_unless_told(aimarkets, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("words")
    refused = aimarkets("channels", *RULE, *SHORT, "--out", "mine")
    assert refused.exit_code == 2
    assert refused.stderr == "mine holds something that is not a split effect and is kept; name another folder\n"
    assert [path.name for path in (folder / "mine").iterdir()] == ["notes.txt"]


def test_an_unknown_rule_and_region_are_told(aimarkets, folder: Path) -> None:
    for arguments, said in (
        (("--without", "entry-of-rule", "--region", "south"), "(did you mean 'entry-of-a-rule'?)\n"),
        (
            ("--without", "entry-of-a-rule"),
            "region: 'china', which 'tiny' does not have; allowed: north, south\n",
        ),
    ):
        refused = aimarkets("channels", "tiny.yaml", *arguments)
        assert refused.exit_code == 2
        assert refused.stderr.endswith(said)
    assert [path.name for path in folder.iterdir()] == ["tiny.yaml"]


def test_a_rule_must_be_named(aimarkets) -> None:
    refused = aimarkets("channels", "tiny.yaml")
    assert refused.exit_code == 2
    assert "--without" in refused.stderr
