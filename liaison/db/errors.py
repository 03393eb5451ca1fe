"""What the registration book says when it cannot do as asked; services and activities translate."""


class DatabaseError(Exception):
    """Base of this package's errors."""


class RequestUnknown(DatabaseError):
    """No such request, or none the scope may see."""


class RequestTaken(DatabaseError):
    """Another run holds the request, or it is closed: the asking run is a duplicate."""


class DuplicateMatter(DatabaseError):
    """The same phone, case number and category is open already; ``reference`` names the open request."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class UnknownWord(DatabaseError):
    """A row holds a word this program does not know, as after a repair by hand; the text names word and list."""


class CalendarDamaged(DatabaseError):
    """A calendar version is not what was approved: its days do not match its checksum, or cannot be read."""


class SchemaMismatch(DatabaseError):
    """The database is at another revision than this program."""
