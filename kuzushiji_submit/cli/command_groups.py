"""The commands, in groups by what a person wants."""

COMMAND_GROUPS = {
    "read pages": ("demo", "predict", "merge", "export"),
    "score and look": ("score", "report", "explain", "interpret"),
    "train": (
        "train",
        "lr_find",
        "runs",
        "average",
        "held_out",
        "calibrate",
        "second_level",
        "adapt",
        "prior",
        "export_onnx",
    ),
    "Kaggle": ("download", "validate", "submit", "kernel"),
    "data": ("check", "stats", "charset", "crops", "synthesize", "align", "import"),
    "this machine": ("doctor", "completion"),
}
"""The modules of the commands by the headings of the help; in a command's own name each `_` is a `-`."""

COMMANDS = tuple(command for commands in COMMAND_GROUPS.values() for command in commands)

# A module cannot be called by a word of Python's own.
_RENAMED = {"import": "import_truth"}


def command_module(command: str) -> str:
    """The name of a command's module in this package."""
    return _RENAMED.get(command, command)


def command_name(command: str) -> str:
    """A command as it is typed."""
    return command.replace("_", "-")
