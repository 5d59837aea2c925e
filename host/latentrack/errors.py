"""The one kind of error that is meant for the person at the keyboard."""


class UserError(Exception):
    """Something the user can mend.

    The message is one clear sentence that names the thing and the remedy; the command
    line prints it and exits with 2. Whoever raises it has left nothing half-written.
    """
