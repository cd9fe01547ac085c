"""The runs command."""

import json

from kuzushiji_submit.cli.main import main


def test_table_and_csv_and_nothing(tmp_path, capsys):
    assert main(["runs", str(tmp_path)]) == 1
    assert "no training run" in capsys.readouterr().err
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(
        json.dumps({"config": {"model": {"architecture": "kuzu_char_rec"}, "epochs": 2}})
    )
    assert main(["runs", str(tmp_path)]) == 0
    assert "kuzu_char_rec" in capsys.readouterr().out.splitlines()[1]
    assert main(["runs", str(tmp_path), "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("run,status,model")
