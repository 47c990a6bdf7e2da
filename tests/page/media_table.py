"""A table with every kind of media, and with what is damaged or gone: what the tests of media look at.

`python -m tests.page.media_table FOLDER` writes it, to be opened with `wbtable view FOLDER`.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import wbtable
from wbtable.media import box3d

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS: Final = 6
LABELS: Final = {0: "unlabelled", 1: "road", 2: "car", 3: "tree", 300: "lamp post", 1000: "zebra crossing"}
BOX_LABELS: Final = {2: "car", 7: "person"}
MESHES: Final = ("obj", "stl", "glb", "gltf", "points", "babylon")
TEXTS: Final = (
    ("The quick brown fox jumps over the lazy dog.", "The quick red fox leaps over the lazy dog."),
    ("one two three", "one two three"),
    ("", "something new"),
)


def scene(row: int, width: int = 160, height: int = 120) -> NDArray[np.uint8]:
    """Return a picture of a street, told apart by its row."""
    y, x = np.mgrid[0:height, 0:width]
    sky = np.stack([120 + y, 150 + y // 2, 230 - x // 4], axis=-1)
    road = np.stack([80 + x % 7, 80 + x % 5, 84 + y % 6], axis=-1)
    found = np.where((y > height * 0.55)[..., None], road, sky)
    left = 10 + row * 18
    found[70:95, left : left + 40] = (190, 40, 40)
    found[20:72, 120:132] = (50, 110, 50)
    return np.clip(found, 0, 255).astype(np.uint8)


def classes_of(row: int, shift: int = 0, width: int = 160, height: int = 120) -> NDArray[np.uint16]:
    """Return the classes of a scene's pixels; two are beyond 255."""
    found = np.zeros((height, width), np.uint16)
    found[66:, :] = 1
    left = 10 + row * 18 + shift
    found[70:95, left : left + 40] = 2
    found[20:72, 120:132] = 3
    found[40:66, 20:24] = 300
    found[100:110, 60:100] = 1000
    return found


def picture(row: int) -> wbtable.Image:
    """Return a scene with boxes in two layers and masks in two."""
    left = 10 + row * 18
    boxes = [
        {
            "position": {"minX": left, "maxX": left + 40, "minY": 70, "maxY": 95},
            "class_id": 2,
            "scores": {"confidence": 0.4 + row / 10, "area": 1000.0},
            "domain": "pixel",
        },
        {
            "position": {"middle": [0.8, 0.4], "width": 0.1, "height": 0.45},
            "class_id": 7,
            "scores": {"confidence": 0.95, "area": 700.0},
            "box_caption": "somebody",
        },
    ]
    around = {"minX": left - 3, "maxX": left + 42, "minY": 68, "maxY": 97}
    truth = [{"position": around, "class_id": 2, "domain": "pixel"}]
    return wbtable.Image(
        scene(row),
        caption=f"street {row}",
        boxes={
            "prediction": {"box_data": boxes, "class_labels": BOX_LABELS},
            "truth": {"box_data": truth, "class_labels": BOX_LABELS},
        },
        masks={"model": {"mask_data": classes_of(row), "class_labels": LABELS}},
    )


def other_picture(row: int) -> wbtable.Image:
    """Return what another model sees in the same scene."""
    masks = {"model": {"mask_data": classes_of(row, shift=6), "class_labels": LABELS}}
    return wbtable.Image(scene(row)[:, ::-1].copy(), masks=masks)


def tone(row: int, seconds: float = 2.0, rate: int = 8000) -> wbtable.Audio:
    """Return a sound that fades."""
    t = np.arange(int(seconds * rate)) / rate
    wave = np.sin(2 * np.pi * (220 + 60 * row) * t) * np.exp(-t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    return wbtable.Audio(wave.astype(np.float32), sample_rate=rate, caption=f"tone {220 + 60 * row} Hz")


def clip(row: int) -> wbtable.Video:
    """Return two seconds of a square that moves: VP9, which every Chromium plays."""
    frames = np.zeros((16, 3, 48, 64), np.uint8)
    for i, frame in enumerate(frames):
        frame[0] = 30 + 10 * row
        frame[1, 16:32, 3 * i : 3 * i + 16] = 220
    return wbtable.Video(frames, fps=8, format="webm", caption=f"clip {row}")


def page(row: int) -> wbtable.Html:
    """Return a document whose script says whether it ran."""
    return wbtable.Html(
        f"<h3>Report {row}</h3><p id=p>The script did not run.</p>"
        "<script>document.getElementById('p').textContent = 'The script ran.'</script>"
    )


def thing(row: int) -> wbtable.Object3D:
    """Return a mesh or a cloud of points; each row another format."""
    kind = MESHES[row % len(MESHES)]
    if kind == "points":
        angle = np.linspace(0, 12 * np.pi, 1500)
        xyz = np.stack([np.cos(angle) * angle, np.sin(angle) * angle, angle], axis=-1) / 10
        colours = np.stack([128 + 127 * np.cos(angle), 128 + 127 * np.sin(angle), 255 * angle / angle.max()], axis=-1)
        box = box3d(
            center=[0, 0, 2],
            size=[2, 3, 2],
            orientation=[0.9, 0.1, 0.2, 0.3],
            color=[255, 120, 0],
            label="car",
            score=0.9,
        )
        vector = {"start": [0, 0, 0], "end": [2, 2, 3], "color": [0, 200, 80]}
        return wbtable.Object3D.from_point_cloud(np.concatenate([xyz, colours], axis=1), boxes=[box], vectors=[vector])
    data = {"obj": _obj, "stl": _stl, "glb": glb, "gltf": gltf, "babylon": _babylon}[kind]()
    return wbtable.Object3D(io.BytesIO(data), file_type=kind, caption=f"a pyramid as {kind}")


_CORNERS: Final = ((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0), (0, 0, 1.5))
_FACES: Final = ((0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4), (0, 2, 1), (0, 3, 2))


def _obj() -> bytes:
    lines = [f"v {x} {y} {z}" for x, y, z in _CORNERS] + [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in _FACES]
    return ("mtllib elsewhere.mtl\n" + "\n".join(lines) + "\n").encode()


def _stl() -> bytes:
    out = b"a pyramid".ljust(80, b" ") + struct.pack("<I", len(_FACES))
    for face in _FACES:
        out += struct.pack("<12fH", 0, 0, 0, *(c for i in face for c in _CORNERS[i]), 0)
    return out


def _babylon() -> bytes:
    return b'{"meshes": []}'


def _gltf_parts() -> tuple[dict[str, Any], bytes]:
    positions = np.array(_CORNERS, np.float32).tobytes()
    faces = np.array(_FACES, np.uint16).tobytes()
    picture = _png(np.array([[[230, 160, 30], [40, 90, 200]]], np.uint8))
    data = positions + faces
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0}}],
        "textures": [{"source": 0}],
        "images": [{"uri": "data:image/png;base64," + base64.b64encode(picture).decode()}],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": 5,
                "type": "VEC3",
                "min": [-1, -1, 0],
                "max": [1, 1, 1.5],
            },
            {"bufferView": 1, "componentType": 5123, "count": len(_FACES) * 3, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(positions)},
            {"buffer": 0, "byteOffset": len(positions), "byteLength": len(faces)},
        ],
        "buffers": [{"byteLength": len(data)}],
    }
    return document, data


def gltf() -> bytes:
    """Return a mesh as glTF, its buffer and its picture embedded."""
    document, data = _gltf_parts()
    document["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    return json.dumps(document).encode()


def glb() -> bytes:
    """Return a mesh as GLB."""
    document, data = _gltf_parts()
    text = json.dumps(document).encode()
    text, data = text + b" " * (-len(text) % 4), data + b"\0" * (-len(data) % 4)
    size = 12 + 8 + len(text) + 8 + len(data)
    head = struct.pack("<4sIIII", b"glTF", 2, size, len(text), 0x4E4F534A)
    return head + text + struct.pack("<II", len(data), 0x004E4942) + data


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


def figure(row: int) -> wbtable.Plotly:
    """Return a figure."""
    bars = {"type": "bar", "x": ["a", "b"], "y": [row, 2]}
    return wbtable.Plotly({"data": [bars], "layout": {"title": {"text": f"Bars {row}"}}})


def molecule(row: int) -> wbtable.Molecule:
    """Return a water molecule as PDB."""
    atoms = (("O", 0.0, 0.0, 0.117), ("H", 0.0, 0.757, -0.47), ("H", 0.0, -0.757, -0.47 - row / 100))
    lines = [
        f"HETATM{i:5d}  {name}   HOH A   1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           {name}"
        for i, (name, x, y, z) in enumerate(atoms, 1)
    ]
    return wbtable.Molecule(io.BytesIO("\n".join([*lines, "END", ""]).encode()), file_type="pdb", caption="water")


def broken_png() -> bytes:
    """Return a PNG whose header and end are right and whose pixels are not."""
    good = _png(scene(0))
    at = good.index(b"IDAT")
    size = int.from_bytes(good[at - 4 : at], "big")
    body = b"IDAT" + b"\x55" * size
    return good[: at - 4] + struct.pack(">I", size) + body + struct.pack(">I", zlib.crc32(body)) + good[at + 8 + size :]


def large_png() -> bytes:
    """Return a picture that is large enough for an object of its own."""
    from PIL import Image

    sink = io.BytesIO()
    Image.fromarray(scene(0, 2000, 1500)).save(sink, "PNG", compress_level=0)
    return sink.getvalue()


def columns() -> list[str]:
    """Return the names of the table's columns."""
    return [
        *("id", "picture", "other", "frames", "sound", "clip", "page", "thing", "figure", "molecule"),
        *("counts", "heat", "cube", "before", "after", "damaged", "lost"),
    ]


def media_table(rows: int = ROWS) -> wbtable.Table:
    """Return the table."""
    table = wbtable.Table(columns=columns())
    for row in range(rows):
        heat = np.sin(np.mgrid[0:24, 0:32][0] / 4 + row) * np.cos(np.mgrid[0:24, 0:32][1] / 5)
        heat[0, 0] = np.nan
        before, after = TEXTS[row % len(TEXTS)]
        table.add_data(
            row,
            picture(row),
            other_picture(row),
            [wbtable.Image(scene(row, 48, 120)), wbtable.Image(scene(row + 1, 48, 120))],
            tone(row),
            clip(row),
            page(row),
            thing(row),
            figure(row),
            molecule(row),
            wbtable.Histogram(np.random.default_rng(row).normal(row, 1, 400)),
            heat,
            np.arange(80 * 80, dtype=np.float32).reshape(1, 80, 80) + row,
            before,
            after,
            wbtable.Image(broken_png() if row % 2 == 0 else _png(scene(row))),
            wbtable.Image(large_png() if row == 0 else _png(scene(row))),
        )
    return table


def write_media(folder: Path, rows: int = ROWS) -> Path:
    """Write the table to a folder and lose one of its blobs; return the folder."""
    media_table(rows).write(str(folder), "media")
    lost = wbtable.Image(large_png()).digest
    [path] = [path for path in folder.rglob("*") if lost.hex[4:] in path.name]
    path.unlink()
    return folder


if __name__ == "__main__":
    write_media(Path(sys.argv[1]))
