import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from keras_gan import choices
from keras_gan.rules import losses

REAL = np.linspace(-4, 4, 9).astype(np.float32)
FAKE = np.linspace(3, -5, 9).astype(np.float32)


def gradient(function, logits):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_sum(function(logits))
    return tape.gradient(loss, logits).numpy()


def test_where_d_wins_minimax_vanishes_and_non_saturating_does_not():
    """At D(G(z)) → 0 (tip 2)."""
    winning = np.float32([-5, -10, -20, -50])
    vanishing = gradient(losses.Minimax().generator, winning)
    pushing = gradient(losses.NonSaturating().generator, winning)
    np.testing.assert_allclose(vanishing, -expit(winning), rtol=1e-5)
    np.testing.assert_allclose(pushing, -expit(-winning), rtol=1e-5)
    assert abs(vanishing[-1]) < 1e-20 and abs(pushing[-1]) == pytest.approx(1.0)


def test_both_push_g_the_same_way():
    logits = np.linspace(-6, 6, 25).astype(np.float32)
    assert (gradient(losses.Minimax().generator, logits) < 0).all()
    assert (gradient(losses.NonSaturating().generator, logits) < 0).all()


def test_non_saturating_is_d_s_loss_with_flipped_labels():
    flipped, _ = losses.NonSaturating().discriminator(FAKE, FAKE, 1.0, 0.0)
    np.testing.assert_array_equal(losses.NonSaturating().generator(FAKE), flipped)


@pytest.mark.parametrize(
    "name, real_part, fake_part, generator",
    [
        ("non_saturating", -np.log(expit(REAL)), -np.log(expit(-FAKE)), -np.log(expit(FAKE))),
        ("minimax", -np.log(expit(REAL)), -np.log(expit(-FAKE)), np.log(expit(-FAKE))),
        ("least_squares", (REAL - 1) ** 2 / 2, FAKE**2 / 2, (FAKE - 1) ** 2 / 2),
        ("hinge", np.maximum(0, 1 - REAL), np.maximum(0, 1 + FAKE), -FAKE),
        ("wasserstein", -REAL, FAKE, -FAKE),
    ],
)
def test_closed_forms(name, real_part, fake_part, generator):
    loss = losses.LOSSES[name]()
    parts = loss.discriminator(REAL, FAKE)
    np.testing.assert_allclose(parts[0], real_part, rtol=2e-5)
    np.testing.assert_allclose(parts[1], fake_part, rtol=2e-5)
    np.testing.assert_allclose(loss.generator(FAKE), generator, rtol=2e-5)


def test_relativistic_pairing_compares_pairs():
    loss = losses.RelativisticPairing()
    real_part, fake_part = loss.discriminator(REAL, FAKE)
    np.testing.assert_allclose(real_part, np.log1p(np.exp(FAKE - REAL)), rtol=1e-5)
    np.testing.assert_array_equal(fake_part, np.zeros(9))
    np.testing.assert_allclose(loss.generator(FAKE, REAL), np.log1p(np.exp(REAL - FAKE)), rtol=1e-5)
    shifted = loss.discriminator(REAL + 3, FAKE + 3)[0]
    np.testing.assert_allclose(shifted, real_part, rtol=1e-4)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_extreme_logits_give_finite_losses_and_gradients(name):
    loss, far = losses.LOSSES[name](), np.float32([-1e4, 1e4])
    for function in (
        lambda x: loss.discriminator(x, -x)[0] + loss.discriminator(x, -x)[1],
        lambda x: loss.generator(x, -x),
    ):
        assert np.isfinite(function(tf.constant(far))).all()
        assert np.isfinite(gradient(function, far)).all()


def test_the_loss_is_linear_in_the_target():
    """So a noisy target equals its mean in expectation, and a flip equals smoothing."""
    targets = np.random.default_rng(0).uniform(0.7, 1.2, 9).astype(np.float32)
    mean = np.mean([losses.cross_entropy(t, REAL) for t in targets], 0)
    np.testing.assert_allclose(mean, losses.cross_entropy(targets.mean(), REAL), rtol=1e-5)
    flipped = 0.9 * losses.cross_entropy(1.0, REAL) + 0.1 * losses.cross_entropy(0.0, REAL)
    np.testing.assert_allclose(flipped, losses.cross_entropy(0.9, REAL), rtol=1e-5)


def test_attributes_of_the_losses():
    facts = ("has_targets", "paired", "logistic", "bounded", "signed")
    true = {name: {f for f in facts if getattr(cls, f)} for name, cls in losses.LOSSES.items()}
    assert true == {
        "non_saturating": {"has_targets", "logistic", "bounded", "signed"},
        "minimax": {"has_targets", "logistic", "bounded", "signed"},
        "least_squares": {"has_targets", "bounded"},
        "hinge": {"bounded", "signed"},
        "wasserstein": set(),
        "relativistic": {"paired", "logistic", "bounded"},
    }


def test_names_and_classes_can_not_differ():
    assert tuple(losses.LOSSES) == choices.LOSSES
    with pytest.raises(ValueError, match=r"\['hinge'\], flags take \['hinge', 'more'\]"):
        choices.by_name(("hinge", "more"), [losses.Hinge])


@pytest.mark.parametrize("name", [n for n, cls in losses.LOSSES.items() if not cls.has_targets])
def test_targets_change_nothing_where_there_are_none(name):
    loss = losses.LOSSES[name]()
    for plain, soft in zip(
        loss.discriminator(REAL, FAKE), loss.discriminator(REAL, FAKE, 0.9, 0.3), strict=True
    ):
        np.testing.assert_array_equal(plain, soft)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_only_an_unbounded_loss_has_no_lower_bound(name):
    """Where D is right with certainty; the loss of larger logits is lower only without a bound."""
    loss = losses.LOSSES[name]()
    right, beyond = (
        sum(np.mean(part) for part in loss.discriminator(np.float32([x]), np.float32([-x])))
        for x in (1e2, 1e4)
    )
    assert (beyond < right - 1.0) == (not loss.bounded)
