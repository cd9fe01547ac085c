"""Kuzushiji Recognition from page images to a scored, validated submission."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kuzushiji-submit")
except PackageNotFoundError:  # a plain checkout that was never installed, as inside a Kaggle kernel
    __version__ = "0+checkout"
