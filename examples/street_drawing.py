"""Street scenes, drawn: what a camera on a car sees, and which class each of its pixels is of.

Every shape is drawn twice, in colour into the image and as its class into the ground truth, so the two agree to the
pixel. What makes them hard is what makes photographs hard: shade that turns a sidewalk into the colour of a road, cars
of the colour of houses, haze that takes the colour out of what is far, noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

Pixels: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
_Colour: TypeAlias = tuple[int, int, int]
_Point: TypeAlias = tuple[float, float]

WIDTH, HEIGHT = 240, 144
LABELS = {0: "road", 1: "sidewalk", 2: "building", 3: "vegetation", 4: "sky", 5: "car", 6: "person", 7: "pole"}
ROAD, SIDEWALK, BUILDING, VEGETATION, SKY, CAR, PERSON, POLE = LABELS

_HOUSES: tuple[_Colour, ...] = ((150, 110, 92), (176, 160, 132), (120, 122, 130), (198, 186, 170), (134, 84, 70))
_CARS: tuple[_Colour, ...] = ((168, 32, 36), (36, 62, 128), (216, 218, 220), (40, 42, 46), (126, 128, 132))
_COATS: tuple[_Colour, ...] = ((200, 60, 60), (50, 70, 110), (70, 60, 50), (210, 180, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One drawing.

    Attributes:
        name: `street_007`; the number is the seed.
        image: uint8, (HEIGHT, WIDTH, 3).
        truth: uint8, (HEIGHT, WIDTH): the class of each pixel, a key of `LABELS`.

    """

    name: str
    image: Pixels
    truth: Pixels


class _Canvas:
    """An image and its ground truth, drawn into together."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self._image = Image.new("RGB", (WIDTH, HEIGHT))
        self._truth = Image.new("L", (WIDTH, HEIGHT))
        self._colour, self._class = ImageDraw.Draw(self._image), ImageDraw.Draw(self._truth)

    def polygon(self, points: Sequence[_Point], kind: int, colour: _Colour) -> None:
        self._colour.polygon(points, fill=colour)
        self._class.polygon(points, fill=kind)

    def ellipse(self, middle: _Point, radius: _Point, kind: int, colour: _Colour) -> None:
        box = (middle[0] - radius[0], middle[1] - radius[1], middle[0] + radius[0], middle[1] + radius[1])
        self._colour.ellipse(box, fill=colour)
        self._class.ellipse(box, fill=kind)

    def box(self, left: float, top: float, right: float, bottom: float, kind: int, colour: _Colour) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], kind, colour)

    def near(self, colour: _Colour, spread: int) -> _Colour:
        """Return a colour somewhat lighter or darker."""
        red, green, blue = (int(np.clip(part + self.random.integers(-spread, spread + 1), 0, 255)) for part in colour)
        return red, green, blue

    def pick(self, colours: Sequence[_Colour]) -> _Colour:
        return colours[int(self.random.integers(len(colours)))]

    def finish(self, shade: Pixels, horizon: float) -> tuple[Pixels, Pixels]:
        """Return image and truth, with light, haze and noise over the image."""
        image: Any = np.asarray(self._image, dtype=np.float32)
        image = image * np.where(shade > 0, np.float32(0.62), np.float32(1))[..., None]
        height = np.arange(HEIGHT, dtype=np.float32)
        haze = 0.35 * np.exp(-(((height - horizon) / 14) ** 2))[:, None, None]
        image = image * (1 - haze) + np.array([186, 194, 204], np.float32) * haze
        image = image * self.random.uniform(0.85, 1.1) + self.random.normal(0, 7, image.shape)
        return np.clip(image, 0, 255).astype(np.uint8), np.asarray(self._truth)


def scene(number: int) -> Scene:
    """Draw a scene; the same number gives the same scene."""
    random = np.random.default_rng(number)
    canvas = _Canvas(random)
    middle, horizon = WIDTH * random.uniform(0.38, 0.62), HEIGHT * random.uniform(0.38, 0.48)
    half, walk = WIDTH * random.uniform(0.42, 0.58), WIDTH * random.uniform(0.16, 0.28)
    _sky(canvas, horizon)
    for side in (-1, 1):
        _houses(canvas, middle, horizon, side)
    _ground(canvas, middle, horizon, half, walk)
    for side in (-1, 1):
        _beside_the_road(canvas, middle, horizon, side * half, side * walk)
    for depth in np.sort(random.uniform(0.25, 0.85, random.integers(1, 5))):
        lane = random.choice((-0.45, 0.45)) + random.uniform(-0.1, 0.1)
        _car(canvas, middle + lane * half * depth, horizon + (HEIGHT - horizon) * depth, depth)
    image, truth = canvas.finish(_shade(random, horizon), horizon)
    return Scene(name=f"street_{number:03}", image=image, truth=truth)


def _sky(canvas: _Canvas, horizon: float) -> None:
    top, low = canvas.near((96, 148, 206), 20), canvas.near((196, 212, 226), 12)
    for row in range(int(horizon) + 1):
        share = row / horizon
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(top, low, strict=True))
        canvas.box(0, row, WIDTH, row + 1, SKY, (red, green, blue))
    for _ in range(canvas.random.integers(0, 4)):
        place = (canvas.random.uniform(0, WIDTH), canvas.random.uniform(0, horizon * 0.6))
        canvas.ellipse(place, (canvas.random.uniform(12, 34), canvas.random.uniform(3, 7)), SKY, (232, 236, 240))


def _houses(canvas: _Canvas, middle: float, horizon: float, side: int) -> None:
    """Draw a row of houses from the edge of the image towards the vanishing point, the nearest last."""
    depth = 0.12
    while depth < 1.1:
        further = depth * canvas.random.uniform(1.25, 1.6)
        colour = canvas.near(canvas.pick(_HOUSES), 14)
        near_x, far_x = middle + side * WIDTH * 0.62 * further, middle + side * WIDTH * 0.62 * depth
        tall = canvas.random.uniform(0.7, 1.25) * horizon
        foot = [horizon + (HEIGHT - horizon) * 0.55 * share for share in (depth, further)]
        roof = [horizon - tall * share for share in (depth, further)]
        canvas.polygon([(far_x, roof[0]), (near_x, roof[1]), (near_x, foot[1]), (far_x, foot[0])], BUILDING, colour)
        pane = canvas.near((70, 84, 100), 16)
        for floor in np.arange(0.15, 0.9, 0.24):
            for place in np.arange(0.12, 0.85, 0.26):
                x0, x1 = (far_x + (near_x - far_x) * share for share in (place, place + 0.13))
                tops = [roof[0] + (roof[1] - roof[0]) * share for share in (place, place + 0.13)]
                feet = [foot[0] + (foot[1] - foot[0]) * share for share in (place, place + 0.13)]
                up = [top + (low - top) * floor for top, low in zip(tops, feet, strict=True)]
                down = [top + (low - top) * (floor + 0.12) for top, low in zip(tops, feet, strict=True)]
                canvas.polygon([(x0, up[0]), (x1, up[1]), (x1, down[1]), (x0, down[0])], BUILDING, pane)
        depth = further


def _ground(canvas: _Canvas, middle: float, horizon: float, half: float, walk: float) -> None:
    """Draw verges, sidewalks and the road with its lines, all running to the vanishing point."""
    vanish = (middle, horizon)
    grass = canvas.near((96, 122, 66), 14)
    for side in (-1, 1):
        edge = 0 if side < 0 else WIDTH
        canvas.polygon([vanish, (middle + side * half, HEIGHT), (edge + side * WIDTH, HEIGHT)], VEGETATION, grass)
        paved = canvas.near((150, 146, 140), 14)
        canvas.polygon(
            [vanish, (middle + side * half, HEIGHT), (middle + side * (half + walk), HEIGHT)], SIDEWALK, paved
        )
    tar = canvas.near((92, 94, 98), 12)
    canvas.polygon([vanish, (middle - half, HEIGHT), (middle + half, HEIGHT)], ROAD, tar)
    depth = 0.08
    while depth < 1:
        ends = [horizon + (HEIGHT - horizon) * share for share in (depth, depth * 1.22)]
        wide = [max(0.4, 3 * share) for share in (depth, depth * 1.22)]
        line = [(middle - wide[0], ends[0]), (middle + wide[0], ends[0])]
        canvas.polygon(
            [*line, (middle + wide[1], ends[1]), (middle - wide[1], ends[1])], ROAD, canvas.near((214, 214, 206), 8)
        )
        depth *= 1.6


def _beside_the_road(canvas: _Canvas, middle: float, horizon: float, half: float, walk: float) -> None:
    """Draw trees on the verge, people and lamps on the sidewalk of one side, the nearest last."""
    for depth in np.sort(canvas.random.uniform(0.18, 0.8, canvas.random.integers(3, 8))):
        ground = horizon + (HEIGHT - horizon) * depth
        on_walk = middle + (half + walk * canvas.random.uniform(0.25, 0.8)) * depth
        what = canvas.random.random()
        if what < 0.4:
            x = middle + (half + walk * 1.25) * depth
            canvas.box(x - 2 * depth, ground - 44 * depth, x + 2 * depth, ground, VEGETATION, (84, 66, 48))
            leaves = canvas.near((58, 98, 48), 18)
            for _ in range(6):
                offset = canvas.random.normal(0, 9 * depth, 2)
                canvas.ellipse(
                    (x + offset[0], ground - 58 * depth + offset[1]),
                    (15 * depth, 13 * depth),
                    VEGETATION,
                    canvas.near(leaves, 10),
                )
        elif what < 0.75:
            tall = canvas.random.uniform(30, 36) * depth
            coat = canvas.near(canvas.pick(_COATS), 12)
            canvas.box(on_walk - 4 * depth, ground - tall * 0.5, on_walk + 4 * depth, ground, PERSON, (48, 50, 60))
            canvas.box(
                on_walk - 5 * depth, ground - tall * 0.84, on_walk + 5 * depth, ground - tall * 0.45, PERSON, coat
            )
            canvas.ellipse((on_walk, ground - tall * 0.92), (3 * depth, 3.6 * depth), PERSON, (206, 168, 142))
        else:
            tall = 80 * depth
            x = middle + (half + walk * 0.12) * depth
            canvas.box(x - 1.6 * depth, ground - tall, x + 1.6 * depth, ground, POLE, canvas.near((98, 100, 102), 8))
            reach = np.sign(half) * 12 * depth
            low, high = sorted((x, x - reach))
            canvas.box(low, ground - tall, high, ground - tall + 3 * depth, POLE, (98, 100, 102))


def _car(canvas: _Canvas, x: float, ground: float, depth: float) -> None:
    """Draw a car from behind: body, cabin with its window, lights, wheels, all of the class car."""
    wide, tall = 34 * depth, 40 * depth
    paint = canvas.near(canvas.pick(_CARS), 10)
    dark = (26, 26, 28)
    for side in (-1, 1):
        canvas.box(
            x + side * wide * 0.78 - 4 * depth,
            ground - 9 * depth,
            x + side * wide * 0.78 + 4 * depth,
            ground,
            CAR,
            dark,
        )
    canvas.box(x - wide, ground - tall * 0.55, x + wide, ground - 4 * depth, CAR, paint)
    roof = [(x - wide * 0.66, ground - tall), (x + wide * 0.66, ground - tall)]
    canvas.polygon(
        [*roof, (x + wide * 0.94, ground - tall * 0.54), (x - wide * 0.94, ground - tall * 0.54)], CAR, paint
    )
    glass = [(x - wide * 0.56, ground - tall * 0.93), (x + wide * 0.56, ground - tall * 0.93)]
    canvas.polygon(
        [*glass, (x + wide * 0.76, ground - tall * 0.6), (x - wide * 0.76, ground - tall * 0.6)], CAR, (88, 104, 118)
    )
    for side in (-1, 1):
        light = x + side * wide * 0.82
        canvas.box(light - 4 * depth, ground - tall * 0.46, light + 4 * depth, ground - tall * 0.34, CAR, (196, 46, 40))


def _shade(random: np.random.Generator, horizon: float) -> Pixels:
    """Return where the shade of houses lies: bands across the street, nonzero where it is dark."""
    shade = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(shade)
    for _ in range(random.integers(0, 3)):
        top = random.uniform(horizon + 6, HEIGHT - 10)
        bottom = top + random.uniform(8, 34)
        slant = random.uniform(-20, 20)
        draw.polygon([(0, top), (WIDTH, top + slant), (WIDTH, bottom + slant), (0, bottom)], fill=255)
    return np.asarray(shade)
