"""How far long work is: a bar on a terminal, and elsewhere (log files, notebooks, Kaggle) a plain line now and then.

```
on a terminal   predict:  32%|███▏      | 32/100 [00:15<00:32,  2.1page/s]        one line, drawn again and again
elsewhere       predict: 32 of 100 pages (32 %), 2.1 pages/s, 0:32 left           a new line every half minute
```
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from tqdm import tqdm  # noqa: TID251 - here alone

Item = TypeVar("Item")
if TYPE_CHECKING:
    Counter: TypeAlias = tqdm[None]
else:
    Counter = tqdm  # generic in its stubs alone

SECONDS = 30.0
"""How far apart plain lines are."""
_TENTHS = 5.0  # seconds between plain lines at the least, where work passes a tenth of itself


PLURALS = {"batch": "batches"}


class _Shown:
    progress = True


_shown = _Shown()


def show_progress(shown: bool) -> None:  # noqa: FBT001 - the setting is the argument
    """Says for the whole process whether progress is shown at all."""
    _shown.progress = shown


def is_shown() -> bool:
    """Whether progress is shown at all."""
    return _shown.progress


def on_terminal() -> bool:
    """Whether standard error is a terminal that can draw a line anew."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class PlainLines(tqdm):  # type: ignore[type-arg]  # generic in its stubs alone
    """A progress bar that writes plain lines: after half a minute, or a tenth of the work, and at its end."""

    _last_line = 0.0  # seconds since the start
    _last_count = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - what the bar takes
        # Every update looks at the clock; the lines come by themselves, with no thread that redraws.
        super().__init__(*args, **{**kwargs, "miniters": 1, "mininterval": 0, "dynamic_ncols": False})

    def display(self, msg: str | None = None, pos: int | None = None) -> None:  # noqa: ARG002 - a hook
        """Writes a line if it is time for one."""
        if self.disable:
            return
        seconds = self.format_dict["elapsed"]
        since, done = seconds - self._last_line, self.n - self._last_count
        if since >= SECONDS or (self.total and done * 10 >= self.total and since >= _TENTHS):
            self._write_line()

    def clear(self, nolock: bool = False) -> None:  # noqa: FBT001, FBT002 - a hook
        """Leaves the lines that were written."""

    def close(self) -> None:
        """Writes the last line, unless it stands there already or there is nothing to tell."""
        if self.disable:
            return
        late = self.delay and self.format_dict["elapsed"] < self.delay
        if self.n > self.initial and self.n != self._last_count and not late:
            self._write_line()
        self._last_count, self.leave = self.n, False
        super().close()

    def _write_line(self) -> None:
        self._last_line, self._last_count = self.format_dict["elapsed"], self.n
        self.fp.write(f"{describe(self.format_dict)}\n")
        self.fp.flush()


def describe(state: Mapping[str, Any]) -> str:
    """A plain line.

    Args:
        state: of a bar, as tqdm's `format_dict` has it.
    """
    done, total = state["n"], state["total"]
    scaled = tqdm.format_sizeof if state["unit_scale"] else str
    units = "B" if state["unit"] == "B" else f" {PLURALS.get(state['unit'], state['unit'] + 's')}"
    line = f"{state['prefix']}: "
    if total:
        between = units if units == "B" else ""
        line += f"{scaled(done)}{between} of {scaled(total)}{units} ({100 * done / total:.0f} %)"
    else:
        line += f"{scaled(done)}{units}"
    rate = (done - state["initial"]) / state["elapsed"] if state["elapsed"] > 0 else 0.0
    if rate:
        line += f", {_short(rate, scaled)}{units}/s"
        if total and done < total:
            line += f", {tqdm.format_interval((total - done) / rate)} left"
        else:
            line += f", {tqdm.format_interval(state['elapsed'])} in all"
    return f"{line}, {state['postfix']}" if state["postfix"] else line


def _short(rate: float, scaled: Callable[[float], str]) -> str:
    if scaled is not str:
        return scaled(rate)
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def progress(
    items: Iterable[Item], name: str | None, *, total: int | None = None, delay: float = 0.0
) -> Iterable[Item]:
    """The items, with their progress shown.

    Args:
        items: pages, or what stands for them.
        name: what is done with them; None to show nothing.
        total: how many there are, where `items` does not say.
        delay: seconds before anything is shown.
    """
    shown: tqdm[Item] = _kind()(items, total=total, unit="page", delay=delay, **_common(name))
    return shown


def counter(
    name: str | None, total: float | None, *, initial: int = 0, unit: str = "page", unit_scale: bool = False
) -> Counter:
    """Progress that is counted by its `update`, and ends with its block or its `close`.

    Args:
        name: what is done; None to show nothing.
        total: how many there are, None where that is not known.
        initial: how many were done before.
        unit: one of what is counted, in the singular.
        unit_scale: whether large counts are shortened, as bytes are.
    """
    shown: Counter = _kind()(total=total, initial=initial, unit=unit, unit_scale=unit_scale, **_common(name))
    return shown


def own_bar(total: float | None, *, disable: bool = False, **options: Any) -> Counter:  # noqa: ANN401 - tqdm's own
    """What a library that draws bars of its own may call in tqdm's place."""
    shown: Counter = _kind()(total=total, **{**options, **_common("transfer"), "disable": disable or not is_shown()})
    return shown


def _kind() -> Callable[..., "tqdm[Any]"]:
    return tqdm if on_terminal() else PlainLines


def _common(name: str | None) -> dict[str, Any]:
    return {"desc": name, "file": sys.stderr, "disable": name is None or not _shown.progress}


def write_line(text: str) -> None:
    """Writes a line to standard error, above a bar that is drawn there."""
    tqdm.write(text, file=sys.stderr)


def end_progress() -> None:
    """Ends bars that an error left open, or the last word would stand behind them."""
    for bar in list(getattr(tqdm, "_instances", ())):
        bar.close()
