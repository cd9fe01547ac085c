"""What a mistyped command line is answered with."""

import pytest

from kuzushiji_submit.cli.main import build_parser
from kuzushiji_submit.cli.parser import Parser


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("predct --images x", "invalid choice: 'predct': did you mean predict? (choose from demo, predict,"),
        ("docter", "invalid choice: 'docter': did you mean doctor?"),
        ("kernel pusch train", "invalid choice: 'pusch': did you mean push?"),
        ("kernel push train --datset a/b", "--datset: did you mean --dataset?"),
        ("completion bsh", "invalid choice: 'bsh': did you mean bash?"),
        ("lr_find", "invalid choice: 'lr_find': did you mean lr-find?"),
        ("train detecter", "invalid choice: 'detecter': did you mean detector?"),
        ("lr-find detecter", "invalid choice: 'detecter': did you mean detector?"),
        ("train column --truht x", "--truht: did you mean --truth?"),
        ("predict --images x --out y --detector heatmp", "invalid choice: 'heatmp': did you mean heatmap?"),
        ("predict --imgaes x --out y", "required: --images; --imgaes: did you mean --images?"),
        ("predict -images x --out y", "required: --images; -images: did you mean --images?"),
        ("predict --images x --out y --detectr=ink", "--detectr=ink; --detectr: did you mean --detector?"),
        ("predict --images x --out y --detector_weights z", "; --detector_weights: did you mean --detector-weights?"),
        ("score --truth a --submision b", "--submision: did you mean --submission?"),
        ("--verbsoe check x", "--verbsoe: did you mean --verbose?"),
        ("train recognizer --data x --resmue", "--resmue: did you mean --resume?"),
    ],
)
def test_the_nearest_is_suggested(capsys, line, answer):
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(line.split())
    assert caught.value.code == 2
    assert answer in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("zzz", "invalid choice: 'zzz' (choose from"),
        ("predict --images x --out y --qqq", "unrecognized arguments: --qqq"),
        ("predict --images x", "required: --out"),
        ("check x -5", "unrecognized arguments: -5"),
    ],
)
def test_nothing_is_suggested_where_nothing_is_near(capsys, line, answer):
    with pytest.raises(SystemExit):
        build_parser().parse_args(line.split())
    error = capsys.readouterr().err.splitlines()[-1]
    assert answer in error
    assert "did you mean" not in error


def test_the_arguments_of_the_process_count_too(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["kuzushiji", "check", "x", "--wrokers", "2"])
    with pytest.raises(SystemExit):
        build_parser().parse_args()
    assert "--wrokers: did you mean --workers?" in capsys.readouterr().err


def test_an_abbreviation_is_no_mistake(capsys):
    parser = Parser()
    parser.add_argument("--images", required=True)
    parser.add_argument("--out", required=True)
    with pytest.raises(SystemExit):
        parser.parse_args(["--imag", "x"])
    assert "did you mean" not in capsys.readouterr().err
