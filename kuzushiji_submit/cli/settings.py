"""The two arguments every configurable command has."""

import argparse
from pathlib import Path


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --config and --set."""
    parser.add_argument("--config", type=Path, metavar="TOML", help="settings file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override one setting; may be repeated"
    )
