"""`kuzushiji align`: transcriptions of pages become annotated boxes to train on."""

import argparse
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_images_argument, add_settings_arguments, add_weights_arguments


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "align",
        help="lay transcriptions over detected boxes: training data from texts",
        example="kuzushiji align --images pages --transcriptions texts.json --out aligned.csv",
    )
    add_images_argument(parser)
    parser.add_argument(
        "--transcriptions",
        type=Path,
        required=True,
        metavar="JSON",
        help="object of image_id and text in reading order",
    )
    parser.add_argument("--truth", type=Path, metavar="CSV", help="boxes that are known already, as in train.csv")
    add_weights_arguments(parser)
    parser.add_argument("--detector", choices=("heatmap", "ink"), help="what finds the boxes, as in predict")
    parser.add_argument(
        "--least-posterior", type=float, default=0.9, metavar="P", help="keep matches this sure (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="CSV", help="known and aligned boxes, as in train.csv"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    add_settings_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Aligns and writes; pages of the truth without a transcription are written as they are."""
    from kuzushiji_submit.competition.truth import read_repaired_truth, write_truth
    from kuzushiji_submit.core.console import summary_stream
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.files import try_file
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_detector, load_recognizer, make_pipeline
    from kuzushiji_submit.training_data.alignment.align import AlignConfig
    from kuzushiji_submit.training_data.alignment.transcribed_pages import align_folder, read_transcriptions

    if not 0 < args.least_posterior <= 1:
        raise ConfigError(f"--least-posterior {args.least_posterior}: must be a probability above 0")
    try_file(args.out, "--out", "train.csv")
    config = read_settings(PipelineConfig(), args.config, args.set)
    recognizer = load_recognizer(config, all_recognizer_weights(args.recognizer_weights), args.device)
    weights = detector_weights(args.detector, args.detector_weights)
    pipeline = make_pipeline(config, load_detector(config, weights, recognizer, args.device), recognizer)
    known = read_repaired_truth(args.truth) if args.truth else []
    settings = AlignConfig(least_posterior=args.least_posterior)
    texts = read_transcriptions(args.transcriptions)
    pages = list(align_folder(args.images, texts, known, recognizer, pipeline, settings))
    done = {page.truth.image_id for page in pages}
    write_truth(args.out, [*(page.truth for page in pages), *(page for page in known if page.image_id not in done)])
    aligned, detected = sum(page.aligned for page in pages), sum(page.detected for page in pages)
    summary_stream(args.out).write(
        f"{args.out}: {len(pages)} pages, {sum(page.characters for page in pages)} characters of text; of {detected} "
        f"boxes without a known character {aligned} were aligned\n"
    )
    return 0
