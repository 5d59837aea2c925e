"""The pages are run: what a page shows is what happens.

    pytest tests/docs                          runs every page and compares
    python -m tests.docs --write [PAGE...]     runs them and puts the real output into the pages

What stands in a fenced block, and what is done with it, one page after the other in an empty
folder with an empty home:

    ```console     lines that begin with `$ ` are commands, what follows is what they print. Without
                   a command: what the program in the other terminal says next. `^C` is pressed
                   there
    ```python      a program; it is run, unless the comment before it says otherwise
    ```pycon       lines that begin with `>>> ` are typed at the module's prompt
    ```text        something to look at: nothing is run, so no command may stand in it

In the output a line `...` is any number of lines; ports, times of day, figures with a unit of time
or of bytes, and versions may be others (`compare.py` has the list). A comment before a block, which
readers do not see, says what else there is to know:

    <!-- run: $ COMMAND -->          this is run first, and its output looked at by nobody
    <!-- run: virtual module -->     a module called my-module, which plays groove at 120 BPM
    <!-- run: another terminal -->   the command goes on until ^C, or to the end of the page
    <!-- run: figures vary -->       all figures may be others, and the lines broken elsewhere
    <!-- run: fails -->              the command ends with an error, and shall
    <!-- run: save FILE -->          the block is what is in that file
    <!-- run: as COMMAND -->         this is run in the place of what is shown
    <!-- run: in the checkout -->    from here on, the commands run there
    <!-- run: elsewhere FILE -->     not run here: that test reads the page and runs it
    <!-- run: not here -->           not run: test_pages.py has a list of these, and why

A block that needs a real Teensy has the title "with a Teensy", which readers do see; it is in the
same list.
"""
