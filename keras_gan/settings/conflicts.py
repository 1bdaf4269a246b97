"""The combinations of settings that are refused, as tables of conditions on plain values."""

import itertools

from keras_gan.rules.penalties import PENALTIES
from keras_gan.settings.combinations import HARD, Conflict, both, on

POINTS = ("ring8", "grid25", "swissroll")
ON_GRADIENTS = tuple(name for name, penalty in PENALTIES.items() if penalty().second_order)
TO_ONE = ("gradient_penalty", "dragan")  # penalties that drive the gradient norm to 1
TO_ZERO = ("r1", "r2")


def _targets():
    unbounded = "D's loss has no lower bound"
    for name, hard in HARD.items():
        yield _without_targets(name, hard)
    yield Conflict(
        ("real_target", "loss"),
        lambda s: s.loss.has_targets and s.loss.logistic and s.mean_target("real_target") > 1.0,
        f"above 1 on average, {unbounded}",
        {"real_target": "0.7,1.2"},
    )
    yield Conflict(
        ("fake_target", "loss"),
        lambda s: s.loss.has_targets and s.loss.logistic and s.mean_target("fake_target") < 0.0,
        f"below 0 on average, {unbounded}",
        {"fake_target": "0,0.3"},
    )
    yield Conflict(
        ("real_target", "fake_target"),
        lambda s: s.mean_target("real_target") <= s.mean_target("fake_target"),
        "D would learn to call fakes real",
        {"real_target": "0.7,1.2", "fake_target": "0,0.3"},
    )
    yield Conflict(
        ("label_flip",),
        lambda s: s["label_flip"] >= 0.5,
        "labels of which half are flipped carry no information",
        {"label_flip": 0.1},
    )


def _without_targets(name, hard):
    return Conflict(
        (name, "loss"),
        lambda s: not s.loss.has_targets and s.softens(name),
        "this loss has no targets to soften",
        {name: hard},
    )


def _batch_norm(name, layer):
    return Conflict(
        (name, "batch_size"),
        lambda s: s[name] == "batch" and s.batch_norm_count < 4,
        f"batch norm in {layer} needs at least four images per statistic",
        {name: "instance"},
    )


def _gradient(name):
    """Conflicts of a penalty on D's gradient."""
    yield Conflict(
        (name, "d_normalization"),
        on(name, d_normalization="batch"),
        "a gradient penalty is defined per image, and batch norm makes each logit depend on all",
        {"d_normalization": "layer"},
    )
    yield Conflict(
        (name, "downsampling"),
        lambda s: (
            name in s.second_order
            and s["downsampling"] == "max"
            and (bool(s["xla"]) or s["precision"] != "float32")
        ),
        "max pooling has no second derivative in XLA or in half precision",
        {"downsampling": "average"},
    )
    yield Conflict(
        (name, "precision"),
        lambda s: name in s.second_order and s["precision"] == "mixed_float16",
        "a gradient penalty overflows in float16",
        {"precision": "mixed_bfloat16"},
    )


def _slopes():
    """D's slope is bounded in one way at a time, and Wasserstein's critic needs a bound."""
    twice = "both bound D's slope, and the penalty is the successor of clipping"
    opposite = "one drives the norm of D's gradient to 1, the other to 0"
    for name in TO_ONE:
        yield both(name, "clip_weights", twice, clip_weights=0.0)
        for other in TO_ZERO:
            yield both(name, other, opposite, **{other: 0.0})
    yield both(
        "clip_weights",
        "spectral_norm",
        "spectral norm divides by the scale that clipping bounds",
        clip_weights=0.0,
    )
    yield Conflict(
        ("loss",),
        lambda s: (
            not s.loss.bounded
            and not any(s[name] for name in (*ON_GRADIENTS, "clip_weights", "spectral_norm"))
        ),
        "wasserstein's critic has no bound without a penalty, spectral norm or clipped weights",
        {"gradient_penalty": 10.0, "d_normalization": "layer"},
    )


def _finite_difference():
    yield Conflict(
        ("r1_finite_difference", "precision"),
        lambda s: s["r1_finite_difference"] and s["precision"] != "float32",
        "the difference of two close logits is lost in half precision",
        {"precision": "float32"},
    )
    yield Conflict(
        ("r1_finite_difference", "r1", "r2"),
        lambda s: s["r1_finite_difference"] and not (s["r1"] or s["r2"]),
        "it is a way to compute R1 and R2, and neither is on",
        {"r1": 1.0, "d_normalization": "layer"},
    )


def _other_penalties():
    yield Conflict(
        ("penalty_interval",),
        lambda s: s["penalty_interval"] > 1 and not s.penalties,
        "no penalty with an interval is on",
        {"penalty_interval": 1},
    )
    yield both(
        "consistency",
        "balanced_consistency",
        "the balanced form includes the other",
        consistency=0.0,
    )
    for name in ("r1_finite_difference", "consistency", "balanced_consistency"):
        yield Conflict(
            (name, "separate_batches"),
            on(name, separate_batches=False),
            "it compares two passes of D, whose noise differs in a common batch",
            {"separate_batches": True},
        )


def _augmentation():
    yield Conflict(
        ("ada", "loss"),
        lambda s: s["ada"] and (s.loss.paired or not s.loss.bounded),
        "ADA is controlled by the sign of D's logit, which this loss does not determine",
        {"ada": 0.0, "augment": "color,translation,cutout"},
    )
    off = {
        "mirror": False,
        "augment": "",
        "ada": 0.0,
        "consistency": 0.0,
        "balanced_consistency": 0.0,
    }
    for name, value in off.items():
        yield _points(name, value)


def _points(name, off):
    return Conflict(
        (name, "dataset"),
        lambda s: s[name] and s["dataset"] in POINTS,
        "points can't be flipped, shifted or coloured",
        {name: off},
    )


def _schedules():
    """What has an end value must be on."""
    for name in TO_ZERO:
        yield Conflict(
            (f"{name}_end", name),
            lambda s, name=name: s[f"{name}_end"] and not s[name],
            "it is the end value of what is off",
            {f"{name}_end": 0.0},
        )
    for name, missing in {"augment_rate": 1.0, "augment_rate_end": None}.items():
        yield Conflict(
            (name, "augment"),
            lambda s, name=name, missing=missing: s[name] != missing and not s["augment"],
            "there is no augmentation that could act with this probability",
            {"augment": "color,translation,cutout"},
        )


def _last_layer():
    """What SAN's last layer and packs of images do not go with."""
    for name, off in {"clip_weights": 0.0, "last_layer_init": 0.0}.items():
        yield both("slicing", name, "the last layer's direction has length 1", **{name: off})
    for name in TO_ONE:
        yield Conflict(
            ("packing", name),
            lambda s, name=name: s["packing"] > 1 and s[name],
            "the penalty is one image's, and D answers for several together",
            {"packing": 1},
        )


def _rows(settings):
    return settings["batch_size"] // max(1, settings["replicas"] or 1)


def _classes():
    yield Conflict(
        ("packing", "conditional"),
        lambda s: s["packing"] > 1 and s["conditional"],
        "the images of a pack have different classes, and D gives one answer",
        {"packing": 1},
    )
    yield both(
        "slicing",
        "conditional",
        "the classes' vectors would be part of the direction that is trained apart",
        slicing=False,
    )
    yield Conflict(
        ("self_modulation", "normalization"),
        on("self_modulation", normalization="none"),
        "it scales and shifts normalised maps, and G has no normalisation",
        {"self_modulation": False},
    )


def _averages():
    yield Conflict(
        ("average_lengths", "average_decay"),
        lambda s: s["average_lengths"] and not s["average_decay"],
        "one switches averaging off, the other on",
        {"average_decay": 0.999},
    )
    yield Conflict(
        ("average_lengths", "strategy"),
        lambda s: "," in s["average_lengths"] and s["strategy"] == "multi_worker",
        "the scores that choose one of several are one worker's alone",
        {"average_lengths": "0.1"},
    )


def _packs(settings):
    return _rows(settings) // settings["accumulate"] % settings["packing"] != 0


PACKS = Conflict(
    ("packing", "batch_size"),
    _packs,
    "the images of a replica, and of each of its --accumulate parts, must make whole packs",
    {"packing": 1},
)
PARTS = Conflict(
    ("accumulate", "batch_size"),
    lambda s: _rows(s) % s["accumulate"] != 0,
    "the images of a replica must make equal parts",
    {"accumulate": 1},
)


def _accumulation():
    for name, off in {"minibatch_stddev": False, "dragan": 0.0, "top_k": 0.0}.items():
        yield Conflict(
            ("accumulate", name),
            lambda s, name=name: s["accumulate"] > 1 and s[name],
            "it uses statistics of the whole batch",
            {name: off},
        )


def _plateau():
    yield Conflict(
        ("stop_when", "score_every"),
        lambda s: s["stop_when"] and not s["score_every"],
        "without scores there is no plateau",
        {"score_every": 500},
    )
    yield Conflict(
        ("stop_when", "strategy"),
        on("stop_when", strategy="multi_worker"),
        "the scores are one worker's alone, and all must stop together",
        {"stop_when": ""},
    )


def _fine_tuning():
    yield Conflict(
        ("init_from", "mode"),
        lambda s: s["init_from"] and s["mode"] == "study",
        "the runs of a study start from paired random weights",
        {"init_from": ""},
    )


def _who_trains():
    yield both(
        "target_networks",
        "past_players",
        "both choose the opponent that a player trains against",
        past_players=0,
    )
    for name in ("d_turns", "g_turns"):
        yield _fixed_turns(name)


def _fixed_turns(name):
    return Conflict(
        ("threshold_loop", name),
        lambda s: s["threshold_loop"] and s[name] != 1,
        "both set the number of turns; --turn_bound bounds the loop",
        {name: 1},
    )


def _models():
    yield Conflict(
        ("prior", "model"),
        lambda s: s["prior"] != "gaussian" and s["model"] == "vae_gan",
        "the encoder's KL term is to a Gaussian",
        {"prior": "gaussian"},
    )
    yield Conflict(
        ("replay_rate", "model"),
        on("replay_rate", model="infogan"),
        "the codes of a replayed fake are not stored",
        {"replay_rate": 0.0},
    )
    kl = "KL(q‖p) is estimated from the logit of an unsmoothed logistic D on current fakes"
    yield Conflict(
        ("loss", "model"),
        lambda s: s["model"] == "kl_gan" and (not s.loss.logistic or s.loss.paired),
        kl,
        {"loss": "non_saturating"},
    )
    yield Conflict(
        ("real_target", "fake_target", "model"),
        lambda s: s["model"] == "kl_gan" and any(map(s.softens, HARD)),
        kl,
        HARD,
    )
    off = {"label_flip": 0.0, "replay_rate": 0.0, "past_players": 0, "target_networks": 0.0}
    for name, value in off.items():
        yield Conflict((name, "model"), on(name, model="kl_gan"), kl, {name: value})


# Those that depend on the number of replicas, which is known once there is a strategy.
OF_REPLICAS = (PACKS, PARTS, _batch_norm("normalization", "G"), _batch_norm("d_normalization", "D"))
TABLE = (
    *_targets(),
    *OF_REPLICAS,
    *itertools.chain.from_iterable(map(_gradient, ON_GRADIENTS)),
    *_slopes(),
    *_finite_difference(),
    *_other_penalties(),
    *_augmentation(),
    *_schedules(),
    *_plateau(),
    *_last_layer(),
    *_fine_tuning(),
    *_accumulation(),
    *_classes(),
    *_averages(),
    *_who_trains(),
    *_models(),
)
