"""Tests of the whole thing: a package, so that what they share ends with the last of them."""
