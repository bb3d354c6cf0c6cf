"""What an uploader can do where a message names an option: the page has none.

What was chosen there would not reach the run; what a data set's contract sets holds in both.
"""

INSTEAD = {
    "delimiter": "save it anew, with commas between the columns",
    "quotechar": 'save it anew, with " around values that hold a comma',
    "escapechar": 'save it anew, with " around values that hold a comma',
    "encoding": "save it anew, as UTF-8",
    "skip_lines": "delete the lines above the column names",
    "header_rows": "give each column a name, in one line above the first row",
    "table": "save the table that you mean as a file of its own",
    "missing": "leave cells empty where a value is missing",
    "member": "take the file that you mean out of the zip",
    "footer_lines": "delete the lines below the table",
    "drift": "ask the owner of the data set whether its columns may change",
}
"""By option, what makes it needless."""


def instead(text: str) -> str:
    """Return what to do in place of setting the options that a text names; "" if it names none."""
    names = [name for name in INSTEAD if f"`{name}`" in text]
    if not names:
        return ""
    ways = ", or ".join(dict.fromkeys(INSTEAD[name] for name in names))
    flags = " or ".join(f"--{name.replace('_', '-')}" for name in names)
    return (
        f"This page has no options. Please {ways}; or use the command line, with {flags}. "
        "For all files of a data set, its contract can set this."
    )
