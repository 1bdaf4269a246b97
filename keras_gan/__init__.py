"""The engine of keras-gan: it knows the game, and no architecture."""
