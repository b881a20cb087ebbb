"""Declarations of parameters take their defaults from the settings that they fill."""

import doctest
from dataclasses import dataclass

import pytest

from floefield.compute import declarations
from floefield.compute.declarations import ParameterDeclaration, with_defaults


@dataclass(frozen=True)
class Settings:
    levels: int = 32
    features: tuple = ("contrast", "entropy")


LEVELS = ParameterDeclaration("LEVELS", "Grey levels", kind="integer", minimum=2, maximum=256, setting="levels")
BANDS = ParameterDeclaration("BANDS", "Bands", kind="text", default="HH", optional=True)


def test_defaults_come_from_the_settings():
    levels, bands = with_defaults((LEVELS, BANDS), Settings(levels=64))
    assert (levels.default, levels.minimum) == (64, 2)
    assert bands is BANDS


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind 'colour'"):
        ParameterDeclaration("COLOUR", "Colour", kind="colour")


@pytest.mark.parametrize(("kind", "options"), [("enum", ()), ("number", ("a", "b"))])
def test_options_belong_to_enums(kind, options):
    with pytest.raises(ValueError, match="options belong to an enum"):
        ParameterDeclaration("METHOD", "Method", kind=kind, options=options)


def test_examples():
    assert doctest.testmod(declarations).failed == 0
