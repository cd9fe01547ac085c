"""`kuzushiji kernel`: train and predict on Kaggle's machines."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kuzushiji_submit.kaggle_client.client import Client

WEIGHTS_SLUG = "kuzushiji-weights"
_NAMES = "train, predict, train-fold-1 and so on, or owner/slug"


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command and its three parts."""
    parser = subparsers.add_parser(
        "kernel",
        help="train and predict on Kaggle's machines",
        example="kuzushiji kernel push train --wait",
    )
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    _register_push(parts)
    status = parts.add_parser(
        "status",
        help="where the latest run stands; exit code 1 if it failed",
        example="kuzushiji kernel status train",
    )
    status.add_argument("kernel", metavar="KERNEL", help=_NAMES)
    status.add_argument("--wait", action="store_true", help="wait for the end of the run")
    _add_timeout(status)
    status.set_defaults(run=run_status)
    output = parts.add_parser(
        "output",
        help="fetch what the latest run left, and its log",
        example="kuzushiji kernel output train --out run",
    )
    output.add_argument("kernel", metavar="KERNEL", help=_NAMES)
    output.add_argument("--out", type=Path, required=True, metavar="DIR")
    output.set_defaults(run=run_output)


def _register_push(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    push = parts.add_parser(
        "push",
        help="build a kernel, push it and thereby run it",
        example="kuzushiji kernel push train --wait",
    )
    push.add_argument("kernel", choices=("train", "predict"))
    push.add_argument(
        "--fold",
        type=int,
        metavar="K",
        help="train: hold out the books of this fold, in a kernel train-fold-K of its own",
    )
    push.add_argument(
        "--suffix", default="", metavar="NAME", help="push as a kernel of its own, such as train-NAME (default: train)"
    )
    push.add_argument("--owner", metavar="NAME", help="Kaggle user name (default: that of the credentials)")
    push.add_argument("--recognizer-weights", type=Path, metavar="F", help="upload and attach these weights")
    push.add_argument("--detector-weights", type=Path, metavar="F", help="upload and attach these weights")
    push.add_argument("--dense-weights", type=Path, metavar="F", help="upload and attach this dense reader")
    push.add_argument(
        "--prior",
        type=Path,
        metavar="F",
        help="upload and attach this text prior (with weights: the project's)",
    )
    push.add_argument(
        "--column",
        type=Path,
        metavar="F",
        help="upload and attach this column model (with weights: the project's, if there is one)",
    )
    push.add_argument(
        "--weights-dataset", default=WEIGHTS_SLUG, metavar="SLUG", help="dataset they go into (default: %(default)s)"
    )
    push.add_argument(
        "--dataset", action="append", default=[], metavar="OWNER/SLUG", help="attach this dataset; may be repeated"
    )
    push.add_argument(
        "--from-kernel",
        action="append",
        default=[],
        metavar="KERNEL",
        help=f"attach what this kernel's latest run left ({_NAMES}): weights, or a run to go on from; may be repeated",
    )
    push.add_argument(
        "--accelerator", metavar="ID", help="Kaggle's name of the machine (default: NvidiaTeslaT4, two T4)"
    )
    push.add_argument("--session-seconds", type=int, metavar="S", help="end the session after so long")
    push.add_argument("--build-only", type=Path, metavar="DIR", help="write the kernel's folder and push nothing")
    push.add_argument("--wait", action="store_true", help="wait for the end of the run")
    _add_timeout(push)
    push.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override one of kernels/KERNEL/settings.toml"
    )
    push.set_defaults(run=run_push)


def _add_timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout", type=float, default=12 * 3600, metavar="S", help="longest wait in seconds (default: %(default)s)"
    )


def run_push(args: argparse.Namespace) -> int:
    """Builds the kernel, uploads weights, pushes, and prints the version and its address."""
    from kuzushiji_submit.core.scratch import scratch_folder
    from kuzushiji_submit.kaggle_client.client import Client

    _refuse_wrong_usage(args)
    with Client() as client:
        args.owner = args.owner or _account(client)
        if args.build_only is not None:
            sys.stdout.write(f"{_build(args, args.build_only, [])}\n")
            return 0
        with scratch_folder("kernel") as folder:
            built = _build(args, folder, [])  # a wrong setting shows before the long upload
            if weights := _upload_weights(client, args):
                _build(args, built, weights)
            return _push(client, args, built)


def _refuse_wrong_usage(args: argparse.Namespace) -> None:
    from kuzushiji_submit.core.errors import ConfigError

    if args.fold is not None and args.fold < 0:
        raise ConfigError(f"--fold {args.fold}: folds are counted from 0")
    if args.kernel == "predict" and args.fold is not None:
        raise ConfigError("--fold belongs to training: attach kernels of folds to predict by --from-kernel")
    if args.kernel == "predict" and not (args.recognizer_weights or args.dataset or args.from_kernel):
        raise ConfigError(
            "the predict kernel needs weights: give --recognizer-weights FILE, --dataset OWNER/SLUG or "
            "--from-kernel train"
        )


def _build(args: argparse.Namespace, folder: Path, weights: list[str]) -> Path:
    from kuzushiji_submit.core.presets import merge
    from kuzushiji_submit.core.settings import parse_override
    from kuzushiji_submit.kaggle_kernels.build_kernel import build_kernel
    from kuzushiji_submit.kaggle_kernels.kernel_settings import KernelSettings

    run: dict[str, object] = {}
    for assignment in args.set:
        run = merge(run, parse_override(assignment))
    if args.fold is not None:
        run["fold"] = args.fold
    settings = KernelSettings(
        owner=args.owner,
        datasets=(*args.dataset, *weights),
        kernels=tuple(_full_name(kernel, args.owner) for kernel in args.from_kernel),
        run=run,
        suffix=_suffix(args),
    )
    return build_kernel(args.kernel, folder, settings)


def _suffix(args: argparse.Namespace) -> str:
    """What the kernel's name has behind "train" or "predict": what was asked for, or its fold."""
    return str(args.suffix or (f"fold-{args.fold}" if args.fold is not None else ""))


def _upload_weights(client: "Client", args: argparse.Namespace) -> list[str]:
    """The names of the dataset that the weights went into: one or none."""
    from kuzushiji_submit.kaggle_client.datasets import Dataset, publish
    from kuzushiji_submit.kaggle_kernels.outputs import COLUMN, DENSE, DETECTOR, PRIOR, RECOGNIZER
    from kuzushiji_submit.reading.default_weights import column_model, text_prior

    given = {
        RECOGNIZER: args.recognizer_weights,
        DENSE: args.dense_weights,
        DETECTOR: args.detector_weights,
        PRIOR: args.prior,
        COLUMN: args.column,
    }
    if args.recognizer_weights and args.kernel == "predict":
        # The code that travels with a kernel is too small a place for them.
        given |= {PRIOR: text_prior(args.prior), COLUMN: column_model(args.column)}
    files = {name: path for name, path in given.items() if path is not None}
    if not files:
        return []
    dataset = Dataset(f"{args.owner}/{args.weights_dataset}", args.weights_dataset.replace("-", " ").title(), files)
    publish(client, dataset, notes=", ".join(str(path) for path in files.values()))
    return [dataset.name]


def _push(client: "Client", args: argparse.Namespace, folder: Path) -> int:
    from kuzushiji_submit.kaggle_client.kernels import kernel_page, push
    from kuzushiji_submit.kaggle_kernels.build_kernel import short_name

    kernel = _full_name(short_name(args.kernel, _suffix(args)), args.owner)
    version = push(client, kernel, folder, accelerator=args.accelerator, seconds=args.session_seconds)
    sys.stdout.write(f"{kernel}: version {version} runs: {kernel_page(kernel)}\n")
    sys.stdout.flush()
    return _report_state(client, kernel, args.timeout) if args.wait else 0


def run_status(args: argparse.Namespace) -> int:
    """Prints one word, and fails if the run did."""
    from kuzushiji_submit.kaggle_client.client import Client

    with Client() as client:
        return _report_state(client, _kernel(client, args.kernel), args.timeout if args.wait else None)


def _report_state(client: "Client", kernel: str, limit: float | None) -> int:
    from kuzushiji_submit.kaggle_client.kernels import await_end, raise_failure, run_state

    state = run_state(client, kernel) if limit is None else await_end(client, kernel, limit)
    sys.stdout.write(f"{kernel}: {state.status}\n")
    sys.stdout.flush()
    raise_failure(kernel, state)
    return 0


def run_output(args: argparse.Namespace) -> int:
    """Fetches the files and prints their paths."""
    from kuzushiji_submit.kaggle_client.client import Client
    from kuzushiji_submit.kaggle_client.kernels import fetch_output

    with Client() as client:
        paths = fetch_output(client, _kernel(client, args.kernel), args.out)
    sys.stdout.write("".join(f"{path}\n" for path in paths))
    return 0


def _kernel(client: "Client", name: str) -> str:
    return _full_name(name, "" if "/" in name else _account(client))


def _full_name(name: str, owner: str) -> str:
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.kaggle_kernels.build_kernel import KERNELS, kernel_metadata
    from kuzushiji_submit.kaggle_kernels.kernel_settings import KernelSettings

    kernel, _, suffix = name.partition("-")
    if kernel in KERNELS and "/" not in name:
        return str(kernel_metadata(kernel, KernelSettings(owner, suffix=suffix))["id"])
    if name.count("/") != 1 or not all(name.split("/")):
        raise ConfigError(f"{name!r} is no kernel: write train, predict, train-fold-1 or owner/slug")
    return name


def _account(client: "Client") -> str:
    return client.call(str, "user_name", "asking for the account's name")
