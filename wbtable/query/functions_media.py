"""Media and masks (EXPR-8, EXPR-13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wbtable.format.types import ImageType, MediaType
from wbtable.query.check_compare import digest_of
from wbtable.query.expression_error import ExpressionError, did_you_mean
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import INT64, TEXT, is_int
from wbtable.query.terms import Term

if TYPE_CHECKING:
    from wbtable.query.sql import Builder

PIXELS: Final = "wbtable_mask_pixels"
"""The engine's function of one mask and a class."""
OVERLAP: Final = "wbtable_mask_overlap"
"""The engine's function of two masks and a class of each."""

_GROUP: Final = "Media"
_DIGEST = re.compile(r"SHA-256:[0-9a-f]{64}")
_MASK: Final = (
    Parameter("image", "image"),
    Parameter("layer", "text", is_literal=True),
    Parameter("class", "integer|text", is_literal=True),
)


def _check_digest(args: tuple[Term, ...]) -> tuple[Term, ...]:
    value = args[0]
    if isinstance(value.type, MediaType):
        return (digest_of(value),)
    if not (value.is_literal and isinstance(value.value, str) and _DIGEST.fullmatch(value.value)):
        raise ExpressionError(
            "expected media, or a digest in quotes", value.span, suggestion='write digest("SHA-256:…") or digest(image)'
        )
    return args


def _check_masks(args: tuple[Term, ...]) -> tuple[Term, ...]:
    out: list[Term] = []
    for at in range(0, len(args), 3):
        image, layer, wanted = args[at : at + 3]
        found = image.type
        if not isinstance(found, ImageType) or not found.masks:
            raise ExpressionError(
                "the images of this column have no masks", image.span, suggestion="log them with Image(masks=…)"
            )
        out += [image, layer, _class(found, layer, wanted)]
    return tuple(out)


def _class(found: ImageType, layer: Term, wanted: Term) -> Term:
    """Return the number of a class, which may be given by its label."""
    if is_int(wanted.type) and wanted.value is not None:
        if not 0 <= wanted.value <= 65535:
            raise ExpressionError("expected a class of 0 to 65535", wanted.span, suggestion="write its number or label")
        return wanted
    known = dict(found.mask_labels).get(str(layer.value)) or found.classes
    for number, label in known:
        if label == wanted.value:
            return Term(op="literal", type=INT64, value=number, span=wanted.span)
    labels = [label for _, label in known]
    hint = did_you_mean(str(wanted.value), labels)
    raise ExpressionError(
        f"no class of the layer {str(layer.value)!r:.40} is called {str(wanted.value)!r:.40}",
        wanted.span,
        suggestion=hint or "write the number of the class",
    )


def _mask(image: str, found: ImageType, layer: str) -> str:
    """Return the file of an image's mask, null where it has none of that layer."""
    at = [field.name for field in found.arrow()].index("masks") + 1
    masks = f"struct_extract_at({image}, {at})"
    return f"struct_extract_at(list_extract(list_filter({masks}, lambda m: struct_extract_at(m, 1) = {layer}), 1), 2)"


def _masks(term: Term, args: list[str]) -> list[str]:
    out = []
    for at in range(0, len(args), 3):
        found = term.args[at].type
        assert isinstance(found, ImageType)
        out += [_mask(args[at], found, args[at + 1]), f"CAST({int(term.args[at + 2].value)} AS BIGINT)"]
    return out


def _call(name: str) -> Function:
    two = name == "mask_overlap"

    def write(builder: Builder, term: Term, args: list[str]) -> str:
        return f"{OVERLAP if two else PIXELS}({', '.join(_masks(term, args))})"

    return Function(
        name=name,
        group=_GROUP,
        parameters=_MASK * 2 if two else _MASK,
        result=INT64,
        gives="int64",
        doc=(
            "How many pixels are of a class in one mask and of a class in another; null where a mask is missing. "
            "A mask of another size is taken at the first's pixels."
            if two
            else "How many pixels of a mask are of a class; null where the image has no such mask."
        ),
        example=(
            ('mask_overlap(image, "truth", "car", image, "guess", "car")', "the car pixels that were found")
            if two
            else ('mask_pixels(image, "truth", "car")', "the pixels of cars")
        ),
        write=write,
        prepare=_check_masks,
    )


MEDIA: Final = (
    Function(
        name="digest",
        group=_GROUP,
        parameters=(Parameter("value", "media|text"),),
        result=TEXT,
        gives="text",
        doc="The digest of media, by which they compare; written in the text it stands for media with these bytes.",
        example=("digest(image)", '"SHA-256:…"'),
        write=lambda builder, term, args: args[0],
        prepare=_check_digest,
    ),
    _call("mask_pixels"),
    _call("mask_overlap"),
)
