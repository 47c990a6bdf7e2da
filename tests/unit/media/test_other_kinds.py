from __future__ import annotations

import io
import json
import struct
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.unit.media.conftest import Blobs, Damaged
from wbtable.errors import FormatError, MissingExtraError, NotFoundError, UsageError
from wbtable.format.types_media import ClassesType, FigureType, HistogramType, HtmlType, MoleculeType, Object3DType
from wbtable.media import Classes, Histogram, Html, Molecule, Object3D, Plotly, box3d, limits, media_class, wrap

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
    for text in ("plain", "this and/or that", "<a href='x.html'>x.html", "two\nlines.html", "/ is the root"):
        assert Html(text).html == text
    with pytest.raises(UsageError, match="found int"):
        Html(5)
    with pytest.raises(UsageError, match="surrogate"):
        Html("<p>\ud800")
    with pytest.raises(UsageError, match="no bytes"):
        Html("")


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


# Histograms ---------------------------------------------------------------------------------------------


def test_histograms_come_back(blobs: Blobs) -> None:  # [MEDIA-16] [MEDIA-1]
    values = RNG.normal(size=1000)
    histogram = Histogram(values, num_bins=32)
    counts, bins = np.histogram(values, bins=32)
    assert histogram.to_cell() == {"counts": counts.tolist(), "bins": bins.tolist()}
    stored = blobs.stored(histogram)
    assert stored == histogram == Histogram(np_histogram=(counts, bins)) == Histogram(values.tolist(), num_bins=32)
    assert hash(stored) == hash(histogram)
    assert np.array_equal(stored.to_numpy()[1], bins)
    assert histogram.column_type() == HistogramType()
    assert len(Histogram([[1, 2], [3, 4]]).histogram) == 64
    assert repr(Histogram([0, 1, 1], num_bins=2)) == "Histogram(2 bins, 0..1, total 3)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either"),
        ({"sequence": [1], "np_histogram": ([1], [0, 1])}, "either"),
        ({"sequence": [1], "num_bins": 513}, "1 to 512"),
        ({"sequence": [1], "num_bins": 0}, "1 to 512"),
        ({"sequence": [1], "num_bins": 1.5}, "1 to 512"),
        ({"sequence": [1, float("nan")]}, "NaN"),
        ({"sequence": ["a"]}, "numbers"),
        ({"sequence": [[1], [1, 2]]}, "numbers"),
        ({"sequence": [1j]}, "numbers"),
        ({"np_histogram": ([1], [0])}, "one more bin edge"),
        ({"np_histogram": ([], [0])}, "one more bin edge"),
        ({"np_histogram": ([1, 1], [0, 2, 1])}, "ascending"),
        ({"np_histogram": (np.ones(513), np.arange(514))}, "at most 512"),
        ({"np_histogram": [1, 2, 3]}, "counts, bins"),
        ({"sequence": [1e308, -1e308]}, "bins|finite"),
    ],
)
def test_histograms_that_are_wrong(arguments: dict[str, Any], message: str) -> None:  # [MEDIA-16]
    with pytest.raises(UsageError, match=message):
        Histogram(**arguments)


def test_a_damaged_histogram_gives_a_format_error(blobs: Blobs) -> None:
    for counts, bins in (([1.0], [0.0]), (None, None), ([1.0], [0.0, float("nan")])):
        with pytest.raises(FormatError):
            Histogram.from_cell({"counts": counts, "bins": bins}, blobs, HistogramType())


# Figures ------------------------------------------------------------------------------------------------


class Figure:
    """Quacks like a Plotly figure."""

    def to_plotly_json(self) -> dict[str, Any]:
        return {"data": [{"type": "bar", "y": np.array([1.0, np.nan])}], "layout": {"title": {"text": "é"}}}


Figure.__module__, Figure.__name__ = "plotly.basedatatypes", "BaseFigure"


def test_figures_are_their_json(blobs: Blobs, tmp_path: Path) -> None:  # [MEDIA-17]
    expected = {"data": [{"type": "bar", "y": [1.0, None]}], "layout": {"title": {"text": "é"}}}
    figure = blobs.stored(Plotly(Figure(), caption="c"))
    assert figure.to_dict() == expected
    assert (figure.caption, figure.content_type) == ("c", "application/vnd.plotly.v1+json")
    text = json.dumps(expected, indent=1)
    path = tmp_path / "figure.json"
    path.write_text(text)
    for source in (text, text.encode(), path, io.StringIO(text)):
        assert Plotly(source).bytes == text.encode()
    assert Plotly(expected).column_type() == FigureType()
    assert isinstance(wrap(Figure()), Plotly)
    assert media_class("figure") is Plotly
    assert Plotly.make_plot_media(expected) == Plotly(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "list as data"),
        ({"data": [{"x": object()}]}, "cannot become JSON"),
        ("{", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[1]", "JSON of a figure"),
        (5, "found int"),
    ],
)
def test_figures_that_are_wrong(value: Any, message: str) -> None:  # [MEDIA-17]
    with pytest.raises(UsageError, match=message):
        Plotly(value).to_cell()


def test_plotly_is_asked_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure as Drawing

    for name in ("plotly", "plotly.graph_objects", "plotly.tools"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (Plotly({"data": []}).figure, lambda: Plotly(Drawing())):
        with pytest.raises(MissingExtraError, match="pip install plotly"):
            call()
    package: Any = types.ModuleType("plotly")
    package.tools = types.ModuleType("plotly.tools")
    package.graph_objects = types.ModuleType("plotly.graph_objects")
    package.tools.mpl_to_plotly = lambda _: Figure()
    package.graph_objects.Figure = dict
    for module in (package, package.tools, package.graph_objects):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert Plotly(Drawing()).figure()["layout"] == {"title": {"text": "é"}}

    def fail(_: object) -> object:
        raise AttributeError("is_frame_like")

    package.tools.mpl_to_plotly = fail
    with pytest.raises(UsageError, match=r"use Image\(figure\)"):
        Plotly(Drawing())


# Classes ------------------------------------------------------------------------------------------------


def test_classes() -> None:
    classes = Classes([{"id": 1, "name": "cat"}, {"id": np.int64(0), "name": "dog"}])
    assert classes.get_type() == ClassesType(classes=((0, "dog"), (1, "cat")))
    assert classes == Classes({0: "dog", 1: "cat"})
    assert (len(classes), classes.to_dict(), len({classes, Classes({0: "dog", 1: "cat"})})) == (
        2,
        {0: "dog", 1: "cat"},
        1,
    )
    assert repr(classes) == "Classes([{'id': 0, 'name': 'dog'}, {'id': 1, 'name': 'cat'}])"
    for wrong, message in (
        ([{"id": 1}], r"class_set\[0\]"),
        ([{"id": "x", "name": "y"}], "integer as class id"),
        ([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "twice"),
        ([5], "found 5"),
    ):
        with pytest.raises(UsageError, match=message):
            Classes(wrong)  # type: ignore[arg-type]


def test_json_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:  # [MEDIA-12]
    figure = Plotly({"data": [1, 2, 3]})
    figure.to_cell()
    monkeypatch.setattr(limits, "MAX_BYTES", 5)
    with pytest.raises(FormatError, match="at most 5 bytes"):
        figure.to_dict()
