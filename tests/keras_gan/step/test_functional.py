"""Pure functions of a step: substitution, finiteness, guarded assignment."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.step import functional


@pytest.mark.parametrize("xla", [False, True])
def test_a_pure_function_leaves_the_variables_alone(xla):
    variable = keras.Variable(1.0)

    def act(x):
        variable.assign(variable.value * x)
        return variable.value

    product = functional.pure(act, [variable], xla)([tf.constant(3.0)], tf.constant(2.0))
    assert float(product) == 6.0
    assert float(variable.value) == 1.0


def test_substituted_sets_other_values_and_restores_the_old_ones():
    variable = keras.Variable(1.0)

    def act():
        with functional.substituted([variable], [tf.constant(5.0)]):
            inside = variable.value
            variable.assign(7.0)
        return inside, variable.value

    inside, after = functional.pure(act, [variable], False)([tf.constant(1.0)])
    assert (float(inside), float(after)) == (5.0, 1.0)


def test_assign_keeps_the_old_value_where_not_accepted():
    variable = keras.Variable([1.0, 2.0])
    functional.assign([variable], [tf.constant([np.nan, 9.0])], accepted=tf.constant(False))
    np.testing.assert_array_equal(variable.value, [1.0, 2.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_all_finite(bad):
    good = {"a": tf.zeros(3), "b": [tf.ones(2)]}
    assert bool(functional.all_finite(good))
    assert not bool(functional.all_finite({**good, "c": tf.constant([0.0, bad])}))
