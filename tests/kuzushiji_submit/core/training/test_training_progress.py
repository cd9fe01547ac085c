"""A training tells how far it is as all other work does."""

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch.utils.data import DataLoader

from kuzushiji_submit.core.progress import show_progress
from kuzushiji_submit.core.training.training_progress import TrainingProgress


class Line(LightningModule):
    """One weight, and a figure for the bar."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, _):
        self.log("train/loss", 0.5, prog_bar=True, batch_size=1)
        return (self.weight * batch).sum()

    def validation_step(self, batch, _):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


@pytest.fixture
def fit(tmp_path):
    """Trains two epochs of four batches."""

    def run(**options):
        data = DataLoader(torch.zeros(4, 1))
        trainer = Trainer(
            default_root_dir=tmp_path,
            accelerator="cpu",
            max_epochs=2,
            callbacks=[TrainingProgress()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(Line(), data, data, **options)

    return run


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_an_epoch_is_a_line_of_its_own(fit, capsys):
    fit()
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("epoch")]
    assert [line.partition(",")[0] for line in lines] == [
        "epoch 1 of 2: 4 of 4 batches (100 %)",
        "epoch 2 of 2: 4 of 4 batches (100 %)",
    ]
    assert all("train/loss=0.5" in line for line in lines)
    assert "\r" not in captured.out + captured.err


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_it_can_be_silent(fit, capsys):
    show_progress(False)
    try:
        fit()
    finally:
        show_progress(True)
    captured = capsys.readouterr()
    assert "epoch" not in captured.out + captured.err
