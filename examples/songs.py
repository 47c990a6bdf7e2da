"""Log songs and versions of them on other instruments, and join the two tables on `song_id`.

    python -m examples.songs [--store FOLDER] [--step originals|synthesised|join]

Three runs: one logs the originals, one logs what was synthesised from them, and one fetches both, logs their join and
reads it back. Each can be a process of its own: --step.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import wbtable
from examples.fashion_mnist import open_store
from examples.melodies import INSTRUMENTS, RATE, WHISTLE, melody, play

PROJECT = "songs"


def log_originals(store: wbtable.Store, songs: int) -> wbtable.Version:
    """Log the songs as they are: artifact `original_songs`, table `original_samples`."""
    table = wbtable.Table(columns=["song_id", "title", "beats_per_minute", "audio"])
    for number in range(songs):
        song = melody(number)
        sound = wbtable.Audio(play(song, WHISTLE), sample_rate=RATE, caption=f"{song.title}, whistled")
        table.add_data(song.song_id, song.title, round(60 / song.beat), sound)
    table.set_pk("song_id")
    with wbtable.init(project=PROJECT, name="originals", store=store) as run:
        artifact = wbtable.Artifact("original_songs", type="songs")
        artifact.add(table, "original_samples")
        return run.log_artifact(artifact)


def log_synthesised(store: wbtable.Store, songs: int) -> wbtable.Version:
    """Log all songs but the last on each instrument: artifact `synth_songs`, table `synth_samples`."""
    table = wbtable.Table(columns=["song_id", "instrument", "audio"])
    for number in range(songs - 1):
        song = melody(number)
        for name, instrument in INSTRUMENTS.items():
            sound = wbtable.Audio(play(song, instrument), sample_rate=RATE, caption=f"{song.title}, {name}")
            table.add_data(song.song_id, name, sound)
    with wbtable.init(project=PROJECT, name="synthesise", store=store) as run:
        artifact = wbtable.Artifact("synth_songs", type="songs")
        artifact.add(table, "synth_samples")
        return run.log_artifact(artifact)


def log_join(store: wbtable.Store) -> wbtable.Version:
    """Fetch both tables and log their join, which refers to them and copies nothing: artifact `synth_summary`."""
    with wbtable.init(project=PROJECT, name="join", store=store) as run:
        originals = run.use_artifact("original_songs:latest").get("original_samples")
        synthesised = run.use_artifact("synth_songs:latest").get("synth_samples")
        artifact = wbtable.Artifact("synth_summary", "analysis")
        artifact.add(wbtable.JoinedTable(originals, synthesised, "song_id"), "synth_explore")
        return run.log_artifact(artifact)


def read_join(store: wbtable.Store) -> dict[str, int]:
    """Read the join back as a stream, one batch at a time; return the rows of each title."""
    joined = store.artifact(f"{PROJECT}/synth_summary:latest").get("synth_explore")
    rows: Counter[str] = Counter()
    alone = 0
    for batch in joined.scan(columns=["song_id", "0.title", "1.instrument"], batch_size=16):
        rows.update(batch.column("0.title").to_pylist())
        alone += batch.column("1.instrument").null_count
    print(f"  columns: {', '.join(joined.columns)}")
    print(f"  {len(joined)} rows of {len(rows)} songs; {alone} without a synthesised version")
    _, row = next(joined.iterrows())
    before, after = (row[joined.columns.index(side)] for side in ("0.audio", "1.audio"))
    print(f"  first row: {before.caption} and {after.caption}, {before.duration:.1f} s each")
    return dict(rows)


def run(folder: Path, *, songs: int = 8, step: str | None = None) -> None:
    """Do one step, or all, in the store in `folder`."""
    store = open_store(folder)
    if step in {None, "originals"}:
        print(f"  logged {_named(log_originals(store, songs))}")
    if step in {None, "synthesised"}:
        print(f"  logged {_named(log_synthesised(store, songs))}")
    if step in {None, "join"}:
        version = log_join(store)
        print(f"  logged {_named(version)} from {', '.join(version.parents())}")
        read_join(store)


def _named(version: wbtable.Version) -> str:
    return f"{version.qualified_name} ({version.size / 1e3:,.0f} kB)"


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".wbtable-demo"), help="folder of the store")
    parser.add_argument("--songs", type=int, default=8)
    parser.add_argument("--step", choices=["originals", "synthesised", "join"], help="only this run")
    arguments = parser.parse_args()
    run(arguments.store, songs=arguments.songs, step=arguments.step)


if __name__ == "__main__":
    main()
