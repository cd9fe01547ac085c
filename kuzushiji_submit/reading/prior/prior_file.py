"""A text prior as one safetensors file: n-grams as a tree, probabilities in steps, provenance as JSON in the header.

length 1      codepoints in the header, log_probs and backoffs float32 by token
length n      children uint16 (M of length n - 1)    how many n-grams go on from each shorter one
              tokens   uint16 (M of length n)        their last tokens, in the order of the keys
              log_probs, backoffs uint8              in steps of LOG_STEP and BACKOFF_STEP
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from kuzushiji_submit.core.errors import PriorFileError
from kuzushiji_submit.core.files import atomic_bytes
from kuzushiji_submit.reading.prior.provenance import Provenance
from kuzushiji_submit.reading.prior.text_prior import NgramTable, TextPrior

KIND = "kuzushiji text prior 1"
# A probability is off by 3.6 percent at most: far less than what a few hundred thousand characters can say of it.
LOG_STEP = 1 / 14
BACKOFF_STEP, BACKOFF_LOWEST = 1 / 32, -6.0
MAXIMUM_TOKENS = 2**16


def save_prior(path: Path, prior: TextPrior) -> None:
    """Writes a prior, atomically.

    Raises:
        OutputError: if the file cannot be written.
        ValueError: if the vocabulary is larger than MAXIMUM_TOKENS.
    """
    size = prior.unknown + 1
    if size > MAXIMUM_TOKENS:
        raise ValueError(f"a prior holds at most {MAXIMUM_TOKENS} tokens, got {size}")
    first = prior.tables[0]
    arrays: dict[str, NDArray[np.generic]] = {"1.log_probs": first.log_probs, "1.backoffs": first.backoffs}
    for length, table in enumerate(prior.tables[1:], start=2):
        parents, tokens = np.divmod(table.keys, size)
        children = np.bincount(parents, minlength=len(prior.tables[length - 2]))
        arrays[f"{length}.children"] = children.astype(np.uint16)
        arrays[f"{length}.tokens"] = tokens.astype(np.uint16)
        arrays[f"{length}.log_probs"] = _in_steps(-table.log_probs, LOG_STEP)
        if length < prior.order:
            arrays[f"{length}.backoffs"] = _in_steps(table.backoffs - BACKOFF_LOWEST, BACKOFF_STEP)
    header = {
        "kind": KIND,
        "order": prior.order,
        "codepoints": " ".join(prior.codepoints),
        "provenance": prior.provenance.to_plain(),
    }
    # One entry, because safetensors writes several in any order, and the same prior should give the same bytes.
    atomic_bytes(path, save(arrays, {"text_prior": json.dumps(header, ensure_ascii=False)}))


def load_prior(path: Path) -> TextPrior:
    """Reads what `save_prior` wrote.

    Raises:
        PriorFileError: if the file is missing, damaged, or something else.
    """
    if not path.is_file():
        raise PriorFileError(f"{path}: no text prior: make one (kuzushiji prior) or name another file")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("text_prior", "{}"))
            if header.get("kind") != KIND:
                raise PriorFileError(f"{path}: not a text prior of this version: make it anew (kuzushiji prior)")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
        return _assemble(header, arrays)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise PriorFileError(f"{path}: damaged ({error!r}): fetch it or make it anew (kuzushiji prior)") from None


def _assemble(header: dict[str, Any], arrays: dict[str, NDArray[np.generic]]) -> TextPrior:
    codepoints = tuple(header["codepoints"].split())
    size, order = len(codepoints) + 2, int(header["order"])
    logs = arrays["1.log_probs"].astype(np.float32)
    if logs.shape != (size,) or order < 1:
        raise ValueError(f"{len(logs)} tokens for {len(codepoints)} codepoints")
    tables = [NgramTable(np.arange(size), logs, arrays["1.backoffs"].astype(np.float32))]
    for length in range(2, order + 1):
        parents = np.repeat(np.arange(len(tables[-1])), arrays[f"{length}.children"].astype(np.int64))
        keys = parents * size + arrays[f"{length}.tokens"].astype(np.int64)
        log_probs = -LOG_STEP * arrays[f"{length}.log_probs"].astype(np.float32)
        backoffs = np.zeros(len(keys), np.float32)
        if length < order:
            backoffs = BACKOFF_STEP * arrays[f"{length}.backoffs"].astype(np.float32) + np.float32(BACKOFF_LOWEST)
        if not len(keys) == len(log_probs) == len(backoffs):
            raise ValueError(f"n-grams of length {length} do not agree")
        tables.append(NgramTable(keys, log_probs, backoffs))
    return TextPrior(codepoints, tuple(tables), Provenance.from_plain(header["provenance"]))


def _in_steps(values: NDArray[np.float32], step: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(values / step), 0, 255), np.uint8)
