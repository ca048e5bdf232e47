"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class FrugalArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two rounds and one lane: OWASP's choice; Django's own takes 100 MiB and 0.4 s a sign-in."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
