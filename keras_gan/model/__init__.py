"""What makes a GAN a Keras model: its networks, what `fit` takes and logs, saving, serving."""
