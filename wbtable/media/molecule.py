"""Molecules, in the file formats of chemistry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wbtable.errors import FormatError, MissingExtraError, UsageError
from wbtable.format.types_media import MoleculeType
from wbtable.media.base import FileMedia
from wbtable.media.payload import Payload, payload_of

if TYPE_CHECKING:
    from types import ModuleType

FORMATS = {
    "pdb": "chemical/x-pdb",
    "pqr": "chemical/x-pqr",
    "mmcif": "chemical/x-mmcif",
    "mcif": "chemical/x-mcif",
    "cif": "chemical/x-cif",
    "sdf": "chemical/x-mdl-sdfile",
    "sd": "chemical/x-mdl-sdfile",
    "gro": "chemical/x-gro",
    "mol2": "chemical/x-mol2",
    "mmtf": "application/vnd.rcsb.mmtf",
}


class Molecule(FileMedia):
    """A molecule in a file, whose bytes are kept as they are (MEDIA-14).

    Args:
        data_or_path: a path, bytes or an open file of pdb, pqr, mmcif, mcif, cif, sdf, sd, gro, mol2 or mmtf.
        caption: text beside the molecule.
        file_type: the format of bytes, and of open files whose names do not say it.

    Raises:
        NotFoundError: the file does not exist.
        UsageError: the argument is none of those, or its format is not said.

    """

    __slots__ = ("_format",)

    kind: ClassVar[str] = "molecule"
    facts: ClassVar[tuple[str, ...]] = ("format",)

    def __init__(self, data_or_path: object, caption: str | None = None, file_type: str | None = None) -> None:
        name = file_type
        if name is None and isinstance(data_or_path, str | os.PathLike):
            name = Path(data_or_path).suffix
        elif name is None and isinstance(getattr(data_or_path, "name", None), str):
            name = Path(str(getattr(data_or_path, "name", ""))).suffix
        self._format = (name or "").lower().removeprefix(".")
        if self._format not in FORMATS:
            raise UsageError(f"expected a molecule as {', '.join(FORMATS)} (file_type says so), found {name!r:.80}")
        payload = payload_of(data_or_path, "Molecule")
        if payload is None:
            raise UsageError(f"expected a path, bytes or an open file, found {type(data_or_path).__name__}")
        self._start(payload, caption)

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: object,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Self:
        """Return an RDKit molecule, or that of a .mol file, as PDB; needs RDKit.

        Args:
            data_or_path: an ``rdkit.Chem.rdchem.Mol``, or the path of a .mol file.
            caption: text beside the molecule.
            convert_to_3d_and_optimize: add hydrogens, and find coordinates in space by MMFF.
            mmff_optimize_molecule_max_iterations: how long that may try.

        Raises:
            MissingExtraError: RDKit is not installed.
            UsageError: it cannot read or place the molecule.

        """
        chem = _rdkit()
        molecule: Any = data_or_path
        if isinstance(data_or_path, str | os.PathLike):
            path = Path(data_or_path)
            if path.suffix.lower() != ".mol":
                raise UsageError(f"expected a .mol file, found {str(path)!r:.200}")
            text = Payload.of_file(path).read().decode("utf-8", "replace")
            molecule = chem.MolFromMolBlock(text)
            if molecule is None:
                raise UsageError(f"RDKit cannot read {str(path)!r:.200}")
        if not hasattr(molecule, "GetNumAtoms"):
            raise UsageError(f"expected an RDKit molecule or a path, found {type(data_or_path).__name__}")
        if convert_to_3d_and_optimize:
            from rdkit.Chem import AllChem

            molecule = chem.AddHs(molecule)
            # A fixed seed: the same molecule gets the same coordinates, and so the same blob.
            if AllChem.EmbedMolecule(molecule, randomSeed=0) != 0:
                raise UsageError("RDKit finds no coordinates for the molecule")
            AllChem.MMFFOptimizeMolecule(molecule, maxIters=mmff_optimize_molecule_max_iterations)
        return cls(chem.MolToPDBBlock(molecule).encode(), caption=caption, file_type="pdb")

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Self:
        """Return the molecule that a SMILES text describes; needs RDKit.

        Args:
            data: the SMILES text.
            caption: text beside the molecule.
            sanitize: let RDKit check it chemically.
            convert_to_3d_and_optimize: as for :meth:`from_rdkit`.
            mmff_optimize_molecule_max_iterations: as for :meth:`from_rdkit`.

        Raises:
            MissingExtraError: RDKit is not installed.
            UsageError: the text describes no molecule.

        """
        molecule = _rdkit().MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise UsageError(f"RDKit cannot read the SMILES {data!r:.80}")
        return cls.from_rdkit(molecule, caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations)

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        data = payload.read()
        if self._format != "mmtf":
            _text(data, self._format)
        return FORMATS[self._format], {"format": self._format}

    def column_type(self) -> MoleculeType:
        """Return the type of a column of molecules."""
        return MoleculeType()

    @property
    def format(self) -> str:
        """The format's short name: ``pdb``, ``cif``."""
        return str(self._fact("format"))

    @property
    def text(self) -> str:
        """The file's text.

        Raises:
            FormatError: the stored bytes are no text.
            UsageError: the format is mmtf, which is binary.

        """
        if self.format == "mmtf":
            raise UsageError("mmtf is a binary format: use .bytes")
        return _text(self.bytes, self.format)


def _text(data: bytes, form: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"expected text in the {form} file, found byte {data[error.start]:#04x}") from None
    if "\0" in text or not text.strip():
        raise FormatError(f"expected text in the {form} file, found {'a zero byte' if text.strip() else 'only blanks'}")
    return text


def _rdkit() -> ModuleType:
    try:
        from rdkit import Chem
    except ImportError as error:
        raise MissingExtraError("molecules from RDKit and SMILES need RDKit: pip install rdkit") from error
    found: ModuleType = Chem
    return found
