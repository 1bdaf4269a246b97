import numpy as np
import pytest
import tensorflow as tf

from benchmarks import forms


@pytest.mark.parametrize("layer", forms.LAYERS)
@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_forms_of_a_layer_compute_the_same(layer, xla):
    direction, *sizes = forms.LAYERS[layer]
    inputs = forms.tensors(direction, *sizes, batch=2)
    first, *others = forms.FORMS[direction].values()
    expected = forms.with_gradients(first, xla)(*inputs)
    for form in others:
        try:
            outputs = forms.with_gradients(form, xla)(*inputs)
        except tf.errors.InvalidArgumentError:
            assert form is forms.channels_first and not xla  # refused on a CPU
            continue
        for a, b in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max())
