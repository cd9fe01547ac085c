"""The week of docs/kaggle.md in small, as scripts/rehearse.sh runs it larger."""

import json
from pathlib import Path

import pytest
from kaggle_server import KaggleServer

from tests.integration.kaggle_session import (
    READING_COLUMNS,
    READING_PAGES,
    TRAINING,
    cut_network_off,
    draw_competition,
    make_image_python,
)
from tests.integration.rehearsal import Rehearsal, rehearse_week

ADAPTING = (
    *("--set", "training.epochs=2", "--set", "training.balance.epoch_size=64", "--set", "training.batch_size=16"),
    *("--set", "training.runtime.precision=32-true", "--set", "least_score=0.05"),
)
# No detector: two epochs make none that finds anything for sure, and the ink detector finds these shapes.
STEPS = ("recognizer", "dense", "prior", "column", "calibrate", "held_out", "second_level", "threshold", "predict")
SETTINGS = (
    f"steps={json.dumps(STEPS)}",
    "folds=2",
    "shards=1",
    "report_pages=0",
    "time_budget=40m",
    "configs.recognizer=",
    "configs.dense=",
    "configs.column=",
    "configs.adapt=",
    f"arguments.recognizer={json.dumps(TRAINING)}",
    f"arguments.dense={json.dumps(READING_PAGES)}",
    f"arguments.column={json.dumps(READING_COLUMNS)}",
    f"arguments.adapt={json.dumps(ADAPTING)}",
)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_a_week_of_sessions(kaggle_server: KaggleServer, tmp_path: Path):
    data = tmp_path / "competition"
    data.mkdir()
    draw_competition(data, books=4)
    python = make_image_python(tmp_path / "image")
    week = Rehearsal(data, tmp_path / "week", (cut_network_off(python), python), kaggle_server, limit=2400)
    sessions = {outcome.name: outcome for outcome in rehearse_week(week, SETTINGS)}
    print(week.table())
    assert list(sessions) == ["fold 0", "fold 1", "ensemble", "pseudo-labels", "final"]
    for name, outcome in sessions.items():
        assert set(outcome.steps.values()) <= {"done", "skipped"}, (name, outcome.steps, outcome.log[-4000:])
        assert outcome.counts is not None
        assert outcome.counts.f1 > 0.6, week.table()
    # A fold holds two books, too few for a second level; the readings of both folds are enough.
    assert sessions["fold 0"].steps["second_level"] == "skipped"
    assert sessions["ensemble"].steps["second_level"] == "done"
    assert sessions["pseudo-labels"].steps["adapt"] == "done"
    assert "going on from" in sessions["fold 1"].log
    # The two members of the ensemble have not seen each other's books.
    books = [set(week.record(f"tester/kuzushiji-train-fold-{fold}")["held_out"]) for fold in (0, 1)]
    assert books[0].isdisjoint(books[1])
    assert len(books[0] | books[1]) == 4
    readers = week.record("tester/kuzushiji-predict")["readers"]
    assert (len(readers["recognizers"]), len(readers["dense"]), len(readers["column"])) == (2, 2, 1)
    # What fold 0 had beside its recognizer went into the session that adapted this.
    adapted = [Path(path).parent.name for path in week.record("tester/kuzushiji-predict-final")["readers"]["dense"]]
    assert adapted == ["kuzushiji-train-adapted", "kuzushiji-train-fold-1"]
    submitted = [submission["description"].split(" [")[0] for submission in kaggle_server.submissions]
    assert submitted == list(sessions)[::-1]
