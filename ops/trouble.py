"""What goes wrong at an operator's hands, said in one line with its remedy."""

__all__ = ["Trouble"]


class Trouble(Exception):  # it is reported to a person, not raised at a programmer
    """A condition that the operator can mend. Printed as one line, never as a traceback."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}. Remedy: {remedy.rstrip('.')}.")
        self.what = what
        self.remedy = remedy
