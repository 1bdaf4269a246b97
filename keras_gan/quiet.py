"""Keeps TensorFlow's start-up chatter off the terminal."""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def silence():
    """Holds back what TensorFlow's C++ side prints while it starts; told only if it fails.

    Its log level does not reach these lines: they are written before logging is set up.
    """
    sys.stderr.flush()
    own = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
            import tensorflow as tf

            tf.config.list_physical_devices()
            tf.get_logger().setLevel("ERROR")
        except BaseException:
            held.seek(0)
            os.write(own, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(own, 2)
            os.close(own)
