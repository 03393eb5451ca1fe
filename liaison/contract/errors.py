"""Error types that cross Temporal: told apart by type, never by text (design section 6)."""

from enum import StrEnum

from temporalio.exceptions import ApplicationError


class ErrorType(StrEnum):
    """Types of our ``ApplicationError``s."""

    NOT_SETTLED = "NotSettled"
    """An earlier step is still under way: the same action may be taken a moment later."""
    ALREADY_CLOSED = "AlreadyClosed"
    NOT_THE_HOLDER = "NotTheHolder"
    OUT_OF_TURN = "OutOfTurn"
    UNKNOWN_REQUEST = "UnknownRequest"


class Refusal(ApplicationError):
    """An action that does not fit the request's state. Raised by validators and handlers; never retried."""

    def __init__(self, error_type: ErrorType, sentence: str) -> None:
        super().__init__(sentence, type=error_type, non_retryable=True)


def error_type_of(error: BaseException | None) -> ErrorType | None:
    """The ``ErrorType`` of ``error`` or of the first cause that has one."""
    while error is not None:
        if isinstance(error, ApplicationError) and error.type in set(ErrorType):
            return ErrorType(error.type)
        error = error.__cause__
    return None
