"""What `make run`, `make up`, `make test` and `make check` do around the application.

Standard library only (`prepare.py` and `migrations.py` apart, which run inside the application): some
of it runs before anything is installed, and `manage.py` imports it before Django.
"""


class Problem(Exception):
    """One sentence that tells the person at the terminal what to do; it replaces a traceback."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status
