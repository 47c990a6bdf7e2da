"""What people ask of text models, of agents, and of songs and their synthesised versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from examples.melodies import INSTRUMENTS
from examples.songs import log_join, log_originals, log_synthesised
from tests.questions.conftest import completions, episodes

if TYPE_CHECKING:
    from tests.questions.conftest import Asked


def shortest(model: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for _, prompt, text in completions(model):
        if prompt not in out or len(text) < len(out[prompt]):
            out[prompt] = text
    return out


def test_what_do_both_models_make_of_each_prompt(asked: Asked) -> None:
    both = wbtable.compare([asked.table("text/small"), asked.table("text/doubled")], mode="concat")
    view = both.view(group=["prompt", "model"], cells={"shortest": "argmin(completion, len(completion))"})
    found = {(row["prompt"], row["model"]): row["shortest"] for row in view.to_arrow().to_pylist()}
    expected = {(prompt, model): text for model in ("small", "doubled") for prompt, text in shortest(model).items()}
    assert found == expected

    for model in ("small", "doubled"):
        options = ("-g", "prompt", "--cell", "shortest=argmin(completion, len(completion))")
        rows = asked.shell("query", f"text/{model}", *options)
        assert {row["prompt"]: row["shortest"] for row in rows} == shortest(model)
        assert [row["prompt"] for row in rows] == sorted(shortest(model))


def test_how_often_does_the_agent_succeed_on_each_level(asked: Asked) -> None:
    data = episodes()
    rate = {level: float(data["success"][data["level"] == level].mean()) for level in range(1, 6)}
    view = asked.table("agents/episodes").view(group="level", cells={"rate": "avg(success)"}, sort="level")
    found = view.to_arrow().to_pydict()
    assert found["level"] == [1, 2, 3, 4, 5]
    assert found["rate"] == pytest.approx(list(rate.values()))
    rows = asked.shell("query", "agents/episodes", "-g", "level", "--cell", "rate=avg(success)")
    assert {row["level"]: row["rate"] for row in rows} == pytest.approx(rate)


def test_which_are_the_few_episodes_that_succeeded(asked: Asked) -> None:
    data = episodes()
    good = np.flatnonzero(data["success"] & (data["level"] >= 2))
    assert 0 < len(good) < 40
    expected = sorted(good.tolist(), key=lambda i: (-data["reward"][i], i))
    table = asked.table("agents/episodes")
    found = table.view(filter="success and level >= 2", sort="reward desc", columns=["episode"]).to_arrow()
    assert found["episode"].to_pylist() == expected
    options = ("-w", "success and level >= 2", "-s", "reward desc", "-c", "episode", "-n", 100)
    assert [row["episode"] for row in asked.shell("query", "agents/episodes", *options)] == expected


def test_how_do_songs_sound_on_each_instrument(asked: Asked) -> None:
    songs = 4
    log_originals(asked.store, songs)
    log_synthesised(asked.store, songs)
    log_join(asked.store)
    joined = asked.table("songs/synth_summary")
    assert (joined.report.duplicates, joined.report.unmatched) == ((0, (songs - 1) * (len(INSTRUMENTS) - 1)), (1, 0))
    originals = {row[0]: row[3].duration for _, row in asked.table("songs/original_songs").iterrows()}
    longer: dict[str, list[float]] = {}
    for _, (song, instrument, audio) in asked.table("songs/synth_songs").iterrows():
        longer.setdefault(instrument, []).append(audio.duration - originals[song])

    cell = "avg(1.audio.duration - 0.audio.duration)"
    view = joined.view(filter="1.instrument is not null", group="1.instrument", cells={"longer": cell})
    found = {row["1.instrument"]: row for row in view.to_arrow().to_pylist()}
    assert set(found) == set(INSTRUMENTS)
    for name, row in found.items():
        assert row["count"] == songs - 1
        assert row["longer"] == pytest.approx(float(np.mean(longer[name])), abs=1e-9)
    alone = joined.view(filter="1.instrument is null").to_arrow(["song_id"])["song_id"].to_pylist()
    assert len(alone) == 1

    tables = ("songs/original_songs", "--join", "songs/synth_songs", "--on", "song_id", "--how", "inner")
    rows = asked.shell("query", *tables, "-g", "1.instrument", "--cell", f"longer={cell}")
    assert {row["1.instrument"]: row["longer"] for row in rows} == {
        name: pytest.approx(row["longer"]) for name, row in found.items()
    }
