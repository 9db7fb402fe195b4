"""What looks at the product from outside: the stages of ``./test`` and the drive of ``--check``."""
