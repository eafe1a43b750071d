"""The source of a right answer: as a learner reads it, and as a typical wrong answer, one edit away.

>>> def area(w, h):
...     return w * h
>>> [(wrong, sentence)] = slips_from('''
...     w * h -> w + h
...         Width and height are multiplied.
... ''', area)
>>> sentence
'Width and height are multiplied.'
"""

import ast
import inspect
import textwrap
import types

IN_A_NOTEBOOK = ("np", "keras", "tf")  # what a learner's cell has imported


def core(function):
    """Return the function without the checks of its arguments."""
    return getattr(function, "core", function)


def parsed(function):
    """Return the source and the syntax tree of a function, without its decorators."""
    source = textwrap.dedent(inspect.getsource(core(function)))
    node = ast.parse(source).body[0]
    node.decorator_list = []
    return "".join(source.splitlines(keepends=True)[node.lineno - 1 :]).rstrip() + "\n", node


def body(function):
    """Return the source without its docstring: what an edit changes."""
    source, node = parsed(function)
    if ast.get_docstring(node) is None:
        return source
    lines, first = source.splitlines(keepends=True), node.lineno - 1
    end = node.body[0].end_lineno - first
    del lines[node.body[0].lineno - 1 - first : end + lines[end].isspace()]  # and a blank line below it
    return "".join(lines)


def solution_of(function, name):
    """Return the source that a learner is shown: under the name of the exercise, as code that runs in a notebook.

    It begins with imports of what it takes from this package. Of the docstring the first paragraph stays.
    """
    function = core(function)
    _, node = parsed(function)
    text = body(function).replace(f"def {function.__name__}(", f"def {name}(", 1)
    if about := inspect.getdoc(function):
        first = about.partition("\n\n")[0].rstrip().replace("\n", "\n    ")
        head, rest = _after_signature(text)
        text = f'{head}    """{first}"""\n{rest}'
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & function.__globals__.keys()
    needed = sorted(_taken(each, function.__globals__[each]) for each in names if each not in IN_A_NOTEBOOK)
    # With or without the checks of arguments it is the same function: the learner's cell needs no `.core`
    return "\n".join(needed) + "\n\n\n" * bool(needed) + text.replace(".core(", "(")


def _after_signature(text):
    """Split a source into the lines of the signature, which may be several, and those of the body."""
    node = ast.parse(text).body[0]
    lines = text.splitlines(keepends=True)
    return "".join(lines[: node.body[0].lineno - 1]), "".join(lines[node.body[0].lineno - 1 :])


def _taken(name, value):
    """Return the line that brings a global name of the answer's module into the notebook."""
    if isinstance(value, types.ModuleType):
        parent, _, child = value.__name__.rpartition(".")
        if child == name:
            return f"from {parent} import {name}" if parent else f"import {name}"
        return f"import {value.__name__} as {name}"
    if callable(value):
        return f"from {value.__module__} import {name}"
    return f"{name} = {value!r}"


def slips_from(text, function):
    """Make typical wrong answers, each an edit of the right one, with the sentence to say.

    A slip is a line `old -> new`, or several, and below it, indented farther, the sentence. `old` stands exactly once
    in the source of the right answer without its docstring; an empty `new` takes it away.

    Args:
        text: The slips.
        function: The right answer.

    Returns:
        A list of pairs (wrong function, sentence).

    Raises:
        ValueError: If a line is neither an edit nor a sentence, or `old` does not stand exactly once.
    """
    found, edits, words = [], [], []
    for line in [*textwrap.dedent(text).splitlines(), ""]:
        if line and not line.startswith(" ") and words:
            found, edits, words = [*found, (edits, words)], [], []
        if line.startswith(" "):
            words.append(line.strip())
        elif line:
            old, arrow, new = f"{line} ".partition(" -> ")
            if not arrow:
                raise ValueError(f"slips: expected a line `old -> new`, got {line!r}")
            edits.append((old.strip(), new.strip()))
    if edits:
        found.append((edits, words))
    if missing := [edits for edits, words in found if not edits or not words]:
        raise ValueError(f"slips: expected an edit and below it a sentence, got {missing[0]!r} alone")
    return [(edited(function, edits), " ".join(words)) for edits, words in found]


def edited(function, edits):
    """Return the function that the source becomes when each `old` in it, which stands there once, is replaced."""
    function, source = core(function), body(function)
    for old, new in edits:
        if source.count(old) != 1:
            raise ValueError(f"slips: expected {old!r} once in {function.__name__}, got {source.count(old)} times")
        source = source.replace(old, new)
    names = dict(function.__globals__)
    exec(compile(source, f"<{function.__name__}, edited>", "exec"), names)
    return names[function.__name__]
