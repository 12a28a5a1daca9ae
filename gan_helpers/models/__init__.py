"""One module a system; ``game.py`` holds what all adversarial games share."""
