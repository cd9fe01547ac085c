"""Networks from crops to logits, each declared by a dataclass beside it.

A new one is one file here: its class is decorated with `@register("recognizer", NAME, CONFIG)` and becomes known when
this package is imported.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
