"""An artifact of a million entries: open it, find one, add one more, compare the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, median_of_three, size_of, timed
from benchmarks.versions import make_version

if TYPE_CHECKING:
    from pathlib import Path

_ENTRIES = 1_000_000
_BLOBS = 1_000


def _path(number: int) -> str:
    return f"images/{number % 997:03}/{number:08}.jpg"


def _prepare(data: Path, scale: Scale) -> None:
    """Store a thousand blobs, then a version whose million entries point to them."""
    import wbtable
    from wbtable.format.entry import Entry

    store = wbtable.create_store(data / "store")
    blobs = wbtable.Artifact("blobs")
    for number in range(_BLOBS):
        with blobs.new_file(f"{number}") as file:
            file.write(f"blob {number}")
    contents = store.commit(blobs).contents
    known = contents.all_refs()
    places = list(contents)
    entries: dict[str, Entry | None] = {}
    for number in range(scale.of(_ENTRIES, 20_000)):
        one, path = places[number % _BLOBS], _path(number)
        entries[path] = Entry(
            path=path, media_type="image/jpeg", digest=one.digest, size=one.size, pack=one.pack, offset=one.offset
        )
    make_version(store, "images", 0, entries, known)


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import shutil

    import wbtable

    shutil.copytree(data / "store", work / "store")
    store = wbtable.Store(work / "store")
    count = scale.of(_ENTRIES, 20_000)

    def open_it(_: int) -> None:
        if store.artifact("bench/images").file_count != count:
            raise AssertionError

    def look_up(turn: int) -> None:
        # A version of its own, so that no page is in memory already.
        if store.artifact("bench/images").contents.find(_path(turn * count // 5)) is None:
            raise AssertionError

    figures = {"open seconds": median_of_three(open_it), "find seconds": median_of_three(look_up)}
    before = size_of(work / "store")
    version = store.artifact("bench/images")
    with timed() as adding:
        draft = version.new_draft()
        with draft.new_file("images/500/one more.jpg") as file:
            file.write("one more")
        later = store.commit(draft)
    figures |= {"add seconds": adding.seconds, "added bytes": size_of(work / "store") - before}

    def compare(_: int) -> None:
        found = store.artifact("bench/images:v0").diff(later.qualified_name)
        if (found.added, found.removed, found.changed) != (["images/500/one more.jpg"], [], []):
            raise AssertionError(found)

    return figures | {"diff seconds": median_of_three(compare)}


CASE = Case(
    name="entries-million",
    work="artifact of 1 M entries",
    data="entries",
    prepare=_prepare,
    sides=(
        Side(
            "wbtable",
            _ours,
            "open reads the manifest, find opens and looks one up, add is new_draft, new_file, commit, diff opens both",
        ),
    ),
    bars=(
        Bar(what="open", ours=("wbtable", "open seconds"), at_most=1.0),
        Bar(what="find one", ours=("wbtable", "find seconds"), at_most=0.050),
        Bar(what="bytes written for one more", ours=("wbtable", "added bytes"), at_most=2 << 20),
        Bar(what="diff", ours=("wbtable", "diff seconds"), at_most=0.200),
    ),
)
