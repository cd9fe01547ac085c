from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.core.errors import DeviceError, WeightsError
from recognition.column.column_model import ColumnModel, farthest_from_edges, window_starts
from recognition.column.network import ColumnNetwork
from recognition.column.weights_file import ColumnMetadata, save_column
from tests.recognition.column.conftest import CHARSET, TINY


@pytest.fixture
def model(network: ColumnNetwork) -> ColumnModel:
    return ColumnModel(network, CHARSET, CHARSET.codepoints, "cpu")


def candidates(places: int, count: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ids int64 (N, K) without one twice and scores float32 (N, K), best first, that sum up to less than 1."""
    rng = np.random.default_rng(seed)
    ids = rng.permuted(np.tile(np.arange(len(CHARSET)), (places, 1)), axis=1)[:, :count]
    scores = -np.sort(-rng.dirichlet(np.ones(count), places).astype(np.float32), axis=1)
    return ids.astype(np.int64), 0.9 * scores


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (3, 0)])
def test_nothing_is_said_of_nothing(model: ColumnModel, shape: tuple[int, int]) -> None:
    support = model.support(np.zeros(shape, np.int64), np.zeros(shape, np.float32))
    assert support.shape == shape
    assert support.dtype == np.float32


@pytest.mark.parametrize("places", [1, 2, 7, 8, 9, 12, 13, 50, 600])
@pytest.mark.parametrize("count", [1, 3, 9])
def test_every_candidate_has_a_support(model: ColumnModel, places: int, count: int) -> None:
    support = model.support(*candidates(places, count))
    assert support.shape == (places, count)
    assert support.dtype == np.float32
    assert np.isfinite(support).all()


def test_a_page_that_fits_the_window_is_read_at_once(model: ColumnModel) -> None:
    ids, scores = candidates(TINY.window)
    own = torch.from_numpy(ids)
    with torch.inference_mode():
        context = model.network(own[None], torch.from_numpy(scores)[None].log())[0]
        expected = model.network.support(context, own)
    np.testing.assert_allclose(model.support(ids, scores), expected.numpy(), rtol=1e-5, atol=1e-6)


def test_a_place_is_read_in_the_window_around_it(model: ColumnModel) -> None:
    """Place 6 of windows 0..7, 4..11, ...: two from an edge in the second, one in the first."""
    ids, scores = candidates(20)
    alone = model.support(ids[4:12], scores[4:12])
    np.testing.assert_allclose(model.support(ids, scores)[6:10], alone[2:6], rtol=1e-5, atol=1e-6)


def test_only_the_best_candidates_are_heard_and_all_get_support(model: ColumnModel) -> None:
    ids, scores = candidates(10, 9)
    support = model.support(ids, scores)
    heard = TINY.candidates
    np.testing.assert_allclose(support[:, :heard], model.support(ids[:, :heard], scores[:, :heard]), atol=1e-6)
    swapped = model.support(ids[:, [0, 1, 2, 3, 8, 7, 6, 5, 4]], scores)
    np.testing.assert_allclose(swapped[:, :heard], support[:, :heard])
    np.testing.assert_allclose(swapped[:, heard:], support[:, :-6:-1])


def test_a_score_of_nothing_and_of_everything_is_taken(model: ColumnModel) -> None:
    ids, scores = candidates(5)
    scores[0], scores[1], scores[2] = 0, (1, 0, 0, 0), 1e-30
    assert np.isfinite(model.support(ids, scores)).all()


def test_a_reader_s_class_order_is_its_own(network: ColumnNetwork) -> None:
    order = np.random.default_rng(1).permutation(len(CHARSET))
    reader = ColumnModel(network, CHARSET, [CHARSET.codepoints[place] for place in order], "cpu")
    own = ColumnModel(network, CHARSET, CHARSET.codepoints, "cpu")
    ids, scores = candidates(12)
    np.testing.assert_allclose(reader.support(ids, scores), own.support(order[ids], scores), atol=1e-6)


def test_characters_that_the_network_does_not_know_get_nothing(network: ColumnNetwork) -> None:
    codepoints = [*CHARSET.codepoints[:10], "U+4E00", "U+4E01"]
    model = ColumnModel(network, CHARSET, codepoints, "cpu")
    ids = np.array([[0, 10, 11], [10, 11, 1], [-1, 2, 3]], np.int64)
    support = model.support(ids, np.full((3, 3), 0.3, np.float32))
    assert ((support == 0) == ((ids >= 10) | (ids < 0))).all()


@pytest.mark.parametrize("shapes", [((3, 4), (3, 5)), ((3,), (3,)), ((1, 3, 4), (1, 3, 4))])
def test_other_shapes_are_refused(model: ColumnModel, shapes: tuple) -> None:
    with pytest.raises(ValueError, match=r"two arrays \(N, K\)"):
        model.support(np.zeros(shapes[0], np.int64), np.zeros(shapes[1], np.float32))


def test_a_weights_file_reads_as_its_network(network: ColumnNetwork, tmp_path: Path) -> None:
    path = tmp_path / "column.safetensors"
    state = {
        name: tensor.half().float() if tensor.ndim > 1 else tensor for name, tensor in network.state_dict().items()
    }
    network.load_state_dict(state)
    save_column(path, state, ColumnMetadata(TINY, CHARSET))
    loaded = ColumnModel.load(path, CHARSET.codepoints)
    assert loaded.charset == CHARSET
    given = candidates(30)
    own = ColumnModel(network, CHARSET, CHARSET.codepoints, "cpu")
    np.testing.assert_array_equal(loaded.support(*given), own.support(*given))


def test_what_cannot_be_loaded_is_named(tmp_path: Path, network: ColumnNetwork) -> None:
    with pytest.raises(WeightsError, match="no such weights file"):
        ColumnModel.load(tmp_path / "none.safetensors", CHARSET.codepoints)
    with pytest.raises(DeviceError):
        ColumnModel(network, CHARSET, CHARSET.codepoints, "tpu9")


@given(st.integers(1, 200), st.integers(1, 70))
def test_windows_cover_everything_and_places_are_farthest_from_edges(count: int, window: int) -> None:
    length = min(count, window)
    starts = window_starts(count, length)
    assert starts[0] == 0
    assert starts[-1] == count - length
    assert (np.diff(starts) <= max(1, length // 2)).all()
    chosen = starts[farthest_from_edges(starts, length, count)]
    within = np.arange(count) - chosen
    assert (within >= 0).all()
    assert (within < length).all()

    def margin(place: int, start: int) -> float:
        above = float("inf") if start == 0 else place - start
        below = float("inf") if start + length == count else start + length - 1 - place
        return min(above, below) if start <= place < start + length else -1

    for place in range(count):
        best = max(margin(place, int(start)) for start in starts)
        assert margin(place, int(chosen[place])) == best
