from __future__ import annotations

import io
import struct
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.unit.media.conftest import Blobs, Damaged
from wbtable.errors import FormatError, MissingExtraError, NotFoundError, UsageError
from wbtable.format.types_media import HtmlType, MoleculeType, Object3DType
from wbtable.media import Html, Molecule, Object3D, box3d

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(2)


# HTML ---------------------------------------------------------------------------------------------------


def test_html_is_the_document_and_nothing_more(tmp_path: Path, blobs: Blobs) -> None:  # [MEDIA-15]
    text = "<html><head></head><body>hé</body></html>"
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    for source in (text, path, str(path), io.StringIO(text), io.BytesIO(text.encode()), text.encode()):
        for inject in (True, False):
            html = blobs.stored(Html(source, inject=inject, caption="c"))
            assert html.bytes == text.encode()
            assert (html.html, html.content_type, html.caption) == (text, "text/html", "c")
    assert Html(text).column_type() == HtmlType()
    assert Html("<p>ä</p>".encode("cp1252")).html == "<p>ä</p>"


@pytest.mark.parametrize(
    "text", ["absent.html", "dir/absent.HTM", "/no/such/file", "./absent", "../absent.txt", "~/absent-x"]
)
def test_a_missing_file_is_no_document(text: str) -> None:  # [MEDIA-15]
    with pytest.raises(NotFoundError, match="no file"):
        Html(text)
    assert Html(text, data_is_not_path=True).html == text


def test_text_is_text() -> None:
    for text in ("", "plain", "this and/or that", "<a href='x.html'>x.html", "two\nlines.html", "/ is the root"):
        assert Html(text).html == text
    with pytest.raises(UsageError, match="found int"):
        Html(5)
    with pytest.raises(UsageError, match="surrogate"):
        Html("<p>\ud800")
    with pytest.raises(UsageError, match="no bytes"):
        Html(io.BytesIO())


# Point clouds and meshes --------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [3, 4, 6])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_points_come_back_exactly(columns: int, dtype: str, blobs: Blobs) -> None:  # [MEDIA-13]
    points = RNG.uniform(1, 14, (50, columns)).astype(dtype)
    thing = blobs.stored(Object3D.from_numpy(points))
    assert (thing.format, thing.points, blobs.reads) == ("pts.json", 50, 0)
    assert np.array_equal(thing.to_numpy(), points.astype(np.float64))
    assert thing.column_type() == Object3DType()


def test_a_scene_with_boxes_and_vectors(blobs: Blobs) -> None:  # [MEDIA-13]
    box = box3d(center=[1, 2, 3], size=[2, 4, 6], orientation=[1, 0, 0, 0], color=[255, 0, 9], label="car", score=0.5)
    corners = np.array(box["corners"])
    assert corners.shape == (8, 3)
    assert corners.min(0).tolist() == [0, 0, 0]
    assert corners.max(0).tolist() == [2, 4, 6]
    quarter = box3d(center=[0, 0, 0], size=[2, 4, 6], orientation=[1, 0, 0, 1], color=[0, 0, 0])
    assert np.array(quarter["corners"]).max(0) == pytest.approx([2, 1, 3])
    vector = {"start": [0, 0, 0], "end": (1, 1, 1), "color": [1, 2, 3]}
    given = Object3D.from_point_cloud(points=[[1, 2, 3]], boxes=[box], vectors=[vector])
    scene = blobs.stored(given).to_dict()
    assert scene["points"] == [[1, 2, 3]]
    assert scene["boxes"] == [box]
    assert scene["vectors"] == [{**vector, "end": [1, 1, 1]}]
    same = Object3D({"type": "lidar/beta", "points": np.array([[1, 2, 3]]), "boxes": [box], "vectors": [vector]})
    assert same == given


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((4, 5)), "N x 3, 4 or 6"),
        (np.zeros((4, 4)), "categories"),
        (np.full((4, 6), 300), "colours"),
        (np.full((4, 3), np.nan), "NaN"),
        ([[1, 2, 3], [1]], "lengths|shape"),
        ({"points": [[1, 2, 3]], "type": "other"}, "lidar/beta"),
        ({"type": "lidar/beta"}, "points"),
        ({"points": [[1, 2, 3]], "boxen": []}, "boxen"),
        ({"points": [[1, 2, 3]], "boxes": [{"corners": [[1]]}]}, r"boxes\[0\]\.corners: expected 8 x 3"),
        ({"points": [[1, 2, 3]], "vectors": [{"start": [1, 2, 3]}]}, r"vectors\[0\]\.end: expected 3"),
        ({"points": [[1, 2, 3]], "boxes": 5}, "list of boxes"),
        (object(), "found object"),
    ],
)
def test_points_that_are_wrong(value: Any, message: str) -> None:  # [MEDIA-13]
    with pytest.raises(UsageError, match=message):
        Object3D(value)


GLB = b"glTF" + struct.pack("<II", 2, 28) + struct.pack("<I4s", 8, b"JSON") + b'{"a":1} '
STL = b"\0" * 80 + struct.pack("<I", 1) + b"\0" * 50
MESHES = {
    "gltf": b'{"asset":{"version":"2.0"}}',
    "glb": GLB,
    "obj": b"v 0 0 0\n",
    "stl": STL,
    "babylon": b"{}",
    "pts.json": b"[[1,2,3],[4,5,6]]",
}


@pytest.mark.parametrize("form", MESHES)
def test_meshes_are_kept_as_they_are(form: str, tmp_path: Path, blobs: Blobs) -> None:  # [MEDIA-2] [MEDIA-13]
    data = MESHES[form]
    path = tmp_path / f"Thing.{form.upper()}"
    path.write_bytes(data)
    for given in (Object3D(path), Object3D.from_file(str(path)), Object3D(io.BytesIO(data), file_type=form)):
        thing = blobs.stored(given)
        assert (thing.bytes, thing.format, thing.points) == (data, form, 2 if form == "pts.json" else None)
    if form == "pts.json":
        assert thing.to_numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    else:
        with pytest.raises(UsageError, match="no point cloud"):
            thing.to_numpy()


@pytest.mark.parametrize(
    ("form", "data", "message"),
    [
        ("glb", b"PK\3\4" + b"\0" * 40, "expected a GLB"),
        ("glb", GLB[:-4], "truncated"),
        ("gltf", b"[]", "JSON object"),
        ("gltf", b"{", "damaged"),
        ("pts.json", b"[" * 100_000, "damaged"),
        ("pts.json", b'{"points": 5}', "list of points"),
        ("pts.json", b"[[1, 2, NaN]]", "NaN"),
        ("stl", STL[:-1], "STL"),
        ("stl", b"solid x\nfacet", "truncated"),
        ("obj", b"\0\1", "zero byte"),
    ],
)
def test_meshes_that_are_damaged(form: str, data: bytes, message: str) -> None:  # [MEDIA-12] [MEDIA-13]
    with pytest.raises(UsageError, match=message):
        Object3D(data, file_type=form).to_cell()


def test_the_format_of_a_mesh_must_be_known(tmp_path: Path) -> None:
    (tmp_path / "a.fbx").write_bytes(b"x")
    with pytest.raises(UsageError, match="fbx"):
        Object3D(tmp_path / "a.fbx")
    with pytest.raises(UsageError, match="file_type"):
        Object3D(b"x")
    assert Object3D(b"solid a\nendsolid a\n", file_type="stl").format == "stl"
    with pytest.raises(UsageError, match="numpy"):
        Object3D.from_numpy([[1, 2, 3]])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="quaternion"):
        box3d(center=[0, 0, 0], size=[1, 1, 1], orientation=[0, 0, 0, 0], color=[0, 0, 0])


def test_damaged_points_give_a_format_error() -> None:
    blobs = Damaged(b"{")
    thing = Object3D.from_cell(blobs.cell(Object3D(np.zeros((1, 3)))), blobs, Object3DType())
    with pytest.raises(FormatError, match="damaged"):
        thing.to_numpy()


# Molecules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf"])
def test_molecules_are_kept_as_they_are(form: str, tmp_path: Path, blobs: Blobs) -> None:  # [MEDIA-14]
    data = b"\x80\x01" if form == "mmtf" else b"ATOM      1  N   ALA\n"
    path = tmp_path / f"m.{form}"
    path.write_bytes(data)
    with path.open("rb") as stream:
        for given in (Molecule(str(path)), Molecule(path), Molecule(stream), Molecule(data, file_type=form)):
            molecule = blobs.stored(given)
            assert (molecule.bytes, molecule.format) == (data, form)
            assert molecule.column_type() == MoleculeType()
    if form == "mmtf":
        with pytest.raises(UsageError, match="binary"):
            _ = molecule.text
    else:
        assert molecule.text == data.decode()


def test_molecules_that_are_wrong(tmp_path: Path) -> None:  # [MEDIA-14]
    with pytest.raises(UsageError, match="xyz"):
        Molecule(tmp_path / "a.xyz")
    with pytest.raises(UsageError, match="file_type"):
        Molecule(io.StringIO("ATOM"))
    with pytest.raises(NotFoundError):
        Molecule(tmp_path / "a.pdb")
    with pytest.raises(UsageError, match="0xff"):
        Molecule(b"\xff\xfe", file_type="pdb").to_cell()
    with pytest.raises(UsageError, match="zero byte"):
        Molecule(b"a\0", file_type="pdb").to_cell()
    with pytest.raises(UsageError, match="blanks"):
        Molecule(b" \n", file_type="pdb").to_cell()
    with pytest.raises(UsageError, match="found object"):
        Molecule(object(), file_type="pdb")


def test_rdkit_is_asked_when_it_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("rdkit", "rdkit.Chem", "rdkit.Chem.AllChem"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match="pip install rdkit"):
        Molecule.from_smiles("CC")

    class Mol:
        def __init__(self, text: str) -> None:
            self.text = text

        def GetNumAtoms(self) -> int:  # noqa: N802
            return len(self.text)

    chem: Any = types.ModuleType("rdkit.Chem")
    chem.MolFromSmiles = lambda text, sanitize: Mol(text) if text != "?" and sanitize else None
    chem.MolFromMolBlock = lambda text: Mol(text.strip()) if text.strip() else None
    chem.MolToPDBBlock = lambda molecule: f"HETATM {molecule.text}\n"
    chem.AddHs = lambda molecule: Mol(molecule.text + "H")
    chem.AllChem = types.SimpleNamespace(
        EmbedMolecule=lambda molecule, randomSeed: -1 if "X" in molecule.text else randomSeed,  # noqa: N803
        MMFFOptimizeMolecule=lambda molecule, maxIters: setattr(molecule, "text", molecule.text + str(maxIters)),  # noqa: N803
    )
    package: Any = types.ModuleType("rdkit")
    package.Chem = chem
    monkeypatch.setitem(sys.modules, "rdkit", package)
    monkeypatch.setitem(sys.modules, "rdkit.Chem", chem)
    assert Molecule.from_smiles("CC").text == "HETATM CCH200\n"
    assert Molecule.from_smiles("CC", convert_to_3d_and_optimize=False, caption="c").text == "HETATM CC\n"
    (tmp_path / "a.mol").write_text("CO\n")
    assert Molecule.from_rdkit(tmp_path / "a.mol", mmff_optimize_molecule_max_iterations=7).text == "HETATM COH7\n"
    for wrong, message in (("?", "SMILES"), ("X", "no coordinates")):
        with pytest.raises(UsageError, match=message):
            Molecule.from_smiles(wrong)
    with pytest.raises(UsageError, match=r"\.mol"):
        Molecule.from_rdkit(tmp_path / "a.pdb")
    with pytest.raises(UsageError, match="found int"):
        Molecule.from_rdkit(5)
