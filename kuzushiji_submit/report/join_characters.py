"""Gives each mark of a page its character, with box, score and alternatives."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kuzushiji_submit.reading.character_index import nearest_characters
from kuzushiji_submit.reading.characters import Character
from kuzushiji_submit.report.model import Mark


def join_characters(marks: Sequence[Mark], characters: Sequence[Character]) -> tuple[Mark, ...]:
    """Gives each mark the nearest unused character of its label whose center is the submitted point."""
    read = [mark for mark in marks if mark.point is not None]
    points = np.array([mark.point for mark in read], np.float64).reshape(-1, 2)
    found = iter(nearest_characters([mark.read or "" for mark in read], points, characters))
    return tuple(mark if mark.point is None else replace(mark, character=next(found)) for mark in marks)
