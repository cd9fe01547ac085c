import math

import pytest
import torch
from torch import Tensor

from recognition.column.network import NEAR, ColumnNetwork, ColumnNetworkConfig
from tests.recognition.column.conftest import CHARSET, TINY, make_network


def places_of(windows: int, places: int, candidates: int = 4) -> tuple[Tensor, Tensor]:
    """Candidates of places by chance: ids (B, T, K) without one twice, logs (B, T, K), best first."""
    ids = torch.rand(windows, places, len(CHARSET)).argsort(dim=-1)[..., :candidates]
    return ids, torch.randn(windows, places, candidates).sort(dim=-1, descending=True).values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 0}, "sizes of 1 or more"),
        ({"layers": 0}, "sizes of 1 or more"),
        ({"heads": 0}, "sizes of 1 or more"),
        ({"window": 0}, "sizes of 1 or more"),
        ({"candidates": 1}, "2 candidates or more"),
        ({"heads": 3}, "128 is no multiple of 3"),
        ({"dropout": 1.0}, r"dropouts in \[0, 1\)"),
        ({"place_dropout": -0.1}, r"dropouts in \[0, 1\)"),
        ({"place_dropout": float("nan")}, r"dropouts in \[0, 1\)"),
    ],
)
def test_a_shape_that_is_none_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ColumnNetworkConfig(**values)


@pytest.mark.parametrize(("windows", "places", "candidates"), [(1, 1, 1), (1, 1, 4), (3, 2, 1), (2, 8, 4), (2, 5, 7)])
def test_every_place_has_a_context_and_every_candidate_a_support(
    network: ColumnNetwork, windows: int, places: int, candidates: int
) -> None:
    ids, logs = places_of(windows, places, candidates)
    context = network(ids, logs)
    assert context.shape == (windows, places, TINY.width)
    support = network.support(context, ids)
    assert support.shape == ids.shape
    assert support.dtype == torch.float32
    assert bool(torch.isfinite(support).all())


def test_no_place_hears_itself_and_every_other_is_heard(network: ColumnNetwork) -> None:
    """In a window longer than the neighbors that are heard each by itself."""
    ids, logs = places_of(1, TINY.window)
    assert TINY.window > NEAR + 1
    before = network(ids, logs)
    for place in range(TINY.window):
        other_ids, other_logs = ids.clone(), logs.clone()
        other_ids[0, place], other_logs[0, place] = (ids[0, place] + 1) % len(CHARSET), torch.tensor([3.0, 0, 0, 0])
        changed = (network(other_ids, other_logs) - before)[0].abs().amax(dim=-1)
        assert changed[place] == 0
        assert (torch.cat([changed[:place], changed[place + 1 :]]) > 0).all()


def test_the_two_directions_are_told_apart(network: ColumnNetwork) -> None:
    ids, logs = places_of(1, 5)
    forth, back = network(ids, logs), network(ids.flip(1), logs.flip(1)).flip(1)
    assert not torch.allclose(forth, back)


def test_windows_of_a_batch_do_not_hear_each_other(network: ColumnNetwork) -> None:
    ids, logs = places_of(3, 6)
    together = network(ids, logs)
    alone = torch.cat([network(ids[[window]], logs[[window]]) for window in range(3)])
    torch.testing.assert_close(together, alone)


def test_what_all_scores_of_a_place_have_in_common_does_not_matter(network: ColumnNetwork) -> None:
    ids, logs = places_of(2, 6)
    torch.testing.assert_close(network(ids, logs - 7), network(ids, logs))


def test_the_order_of_candidates_does_not_matter_beyond_the_first_two(network: ColumnNetwork) -> None:
    ids, logs = places_of(2, 6)
    order = [0, 1, 3, 2]
    torch.testing.assert_close(network(ids[..., order], logs[..., order]), network(ids, logs))


def test_a_sure_place_is_its_class_s_vector_and_how_sure_it_is(network: ColumnNetwork) -> None:
    ids, logs = torch.tensor([[[7, 3]]]), torch.tensor([[[0.0, -80.0]]])
    expected = network.vectors.weight[7] + network.sureness(torch.tensor([1.0, 0.0, 0.0]))
    torch.testing.assert_close(network._hear(ids, logs)[0, 0], expected)


def test_a_doubtful_place_lies_between_its_candidates(network: ColumnNetwork) -> None:
    ids, logs = torch.tensor([[[7, 3]]]), torch.tensor([[[0.75, 0.25]]]).log()
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    expected = 0.75 * network.vectors.weight[7] + 0.25 * network.vectors.weight[3]
    expected = expected + network.sureness(torch.tensor([0.75, entropy, 0.25]))
    torch.testing.assert_close(network._hear(ids, logs)[0, 0], expected)


def test_characters_without_a_class_take_their_part_and_say_nothing(network: ColumnNetwork) -> None:
    ids, logs = torch.tensor([[[7, -1]]]), torch.tensor([[[0.75, 0.25]]]).log()
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    expected = 0.75 * network.vectors.weight[7] + network.sureness(torch.tensor([0.75, entropy, 0.25]))
    torch.testing.assert_close(network._hear(ids, logs)[0, 0], expected)
    support = network.support(torch.randn(1, 1, TINY.width), ids)
    assert support[0, 0, 1] == 0
    assert support[0, 0, 0] != 0


def test_support_is_the_scaled_logit_of_the_text_and_the_eye_s_bias(network: ColumnNetwork) -> None:
    context, ids = torch.randn(3, TINY.width), torch.tensor([[0, 5], [5, 19], [2, 3]])
    logits = torch.einsum("nd,nkd->nk", context, network.vectors(ids)) / math.sqrt(TINY.width) + network.bias[ids]
    torch.testing.assert_close(network.text_logits(context, ids), logits)
    torch.testing.assert_close(network.support(context, ids), network.scale * logits + network.eye_bias[ids])


def test_the_same_classes_for_every_context(network: ColumnNetwork) -> None:
    context, classes = torch.randn(3, TINY.width), torch.tensor([4, 4, 0, 19])
    expected = network.text_logits(context, classes.expand(3, -1))
    torch.testing.assert_close(network.class_logits(context, classes), expected)


def test_support_keeps_32_bits_where_the_rest_takes_16(network: ColumnNetwork) -> None:
    ids, logs = places_of(1, 4)
    with torch.autocast("cpu", torch.bfloat16):
        context = network(ids, logs)
        support = network.support(context, ids)
    assert support.dtype == torch.float32
    assert torch.equal(support, network.support(context, ids))


def test_in_training_some_places_are_not_heard() -> None:
    ids, logs = places_of(1, 6)
    deaf = make_network(config=ColumnNetworkConfig(**{**vars(TINY), "place_dropout": 0.999999})).train()
    torch.manual_seed(1)
    silence = deaf(ids, logs)
    assert torch.equal(silence, deaf(*places_of(1, 6)))
    assert not torch.equal(silence, deaf.eval()(ids, logs))


def test_the_default_is_small_beside_its_classes() -> None:
    network = ColumnNetwork(ColumnNetworkConfig(), 4212)
    of_classes = 4212 * (128 + 2)
    assert sum(weight.numel() for weight in network.parameters()) - of_classes < 1.2e6
