"""The command line: one module a command.

Every command module has `register(subparsers)`, which declares the arguments, and `run(args) -> int`, which imports
what it needs only then, so that no command pays for another's libraries.
"""

from kuzushiji_submit.cli.main import main

__all__ = ["main"]
