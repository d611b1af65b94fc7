//! Goldens: every input of `tests/golden` goes through the same JSON bytes as in the sandbox.
