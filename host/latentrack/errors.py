"""Errors that the user can mend, and their exit codes."""

EXIT_MENDABLE = 2
EXIT_NO_MODULE = 3


class UserError(Exception):
    """Tell the user of something that the user can mend.

    The message is one clear sentence that names the thing and the remedy; the command
    line prints it and exits with `exit_code`. Whoever raises it has left nothing half-written.

    Examples
    --------
    >>> import latentrack as lt
    >>> try:
    ...     lt.load_run("nowhere.run")
    ... except lt.UserError as error:
    ...     print(error)
    nowhere.run is not a run: `latentrack train` makes one beside each model.
    """

    exit_code = EXIT_MENDABLE


class NoModule(UserError):
    """There is no module, or its port cannot be opened, or it does not answer.

    The command was right: the same one may succeed as soon as the module is there.
    """

    exit_code = EXIT_NO_MODULE
