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
import builtins
import dis
import inspect
import textwrap
import types

IN_A_NOTEBOOK = ("np", "keras", "tf")  # what a learner's cell has imported


def core(function):
    """Return the function without the checks of its arguments."""
    return getattr(function, "core", function)


def parsed(function):
    """Return the source of a function without its decorators, and its syntax tree."""
    source = textwrap.dedent(inspect.getsource(core(function)))
    decorators = ast.parse(source).body[0].lineno - 1  # lines above `def`
    source = "".join(source.splitlines(keepends=True)[decorators:]).rstrip() + "\n"
    return source, ast.parse(source).body[0]


def with_docstring(function, docstring):
    """Return the source without decorators, and with other lines in place of those of its docstring, if it has one."""
    source, node = parsed(function)
    if ast.get_docstring(node) is None:
        return source
    lines, old = source.splitlines(keepends=True), node.body[0]  # `lineno` counts from 1
    return "".join([*lines[: old.lineno - 1], *docstring, *lines[old.end_lineno :]])


def solution_of(function, name):
    """Return the source that a learner is shown: under the name of the exercise, as code that runs in a notebook.

    It begins with imports of what it takes from this package. Of the docstring the first paragraph stays.
    """
    function = core(function)
    first_paragraph = (inspect.getdoc(function) or "").partition("\n\n")[0].rstrip().replace("\n", "\n    ")
    text = with_docstring(function, [f'    """{first_paragraph}"""\n'])
    text = text.replace(f"def {function.__name__}(", f"def {name}(", 1)
    # With or without the checks of arguments it is the same function: the learner's cell needs no `.core`
    text = text.replace(".core(", "(")
    imports = _imports(function)
    return f"{imports}\n\n\n{text}" if imports else text


def _imports(function):
    """Return the lines that bring into a notebook the global names that a function uses."""
    _, node = parsed(function)
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & function.__globals__.keys()
    return "\n".join(sorted(_taken(name, function.__globals__[name]) for name in used.difference(IN_A_NOTEBOOK)))


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

    A slip is a line `old -> new`, or several that are made together, and below them, indented farther, the sentence.
    `old` stands exactly once in the source of the right answer without its docstring, where comments count as well; an
    empty `new` takes it away. Both are parts of one line.

    Args:
        text: The slips.
        function: The right answer.

    Returns:
        A list of pairs (wrong function, sentence).

    Raises:
        ValueError: If a line is neither an edit nor a sentence, `old` does not stand exactly once, or what the edits
            make is no Python or uses a name that is unknown.
    """
    slips = []  # each is a pair of lists: its edits, and the lines of its sentence
    for line in textwrap.dedent(text).splitlines():
        if line.startswith(" ") and slips:
            slips[-1][1].append(line.strip())
        elif line:
            old, arrow, new = f"{line} ".partition(" -> ")
            if not arrow:
                raise ValueError(f"slips: expected a line `old -> new`, got {line!r}")
            if not slips or slips[-1][1]:  # the sentence before is complete: here begins the next slip
                slips.append(([], []))
            slips[-1][0].append((old.strip(), new.strip()))
    if slips and not slips[-1][1]:
        raise ValueError(f"slips: expected an edit and below it a sentence, got {slips[-1][0]!r} alone")
    return [(edited(function, edits), " ".join(sentence)) for edits, sentence in slips]


def edited(function, edits):
    """Return the function that the source becomes when each `old` in it, which stands there once, is replaced."""
    function, source = core(function), with_docstring(function, [])
    name, made_by = function.__name__, " and ".join(f"`{old} -> {new}`" for old, new in edits)
    for old, new in edits:
        if source.count(old) != 1:
            raise ValueError(f"slips: expected {old!r} once in {name}, got {source.count(old)} times")
        source = source.replace(old, new)
    try:
        code = compile(source, f"<{name}, edited>", "exec")
    except SyntaxError as error:
        raise ValueError(f"slips: expected Python, got from {name} by {made_by}: {error}\n{source}") from None
    names = dict(function.__globals__)
    exec(code, names)
    # An unknown name raises NameError in every case: no learner's mistake, but a slip of whoever wrote the slip
    if unknown := set(_global_names(names[name].__code__)) - names.keys() - set(dir(builtins)):
        raise ValueError(f"slips: expected known names, got from {name} by {made_by}: {', '.join(sorted(unknown))}")
    return names[name]


def _global_names(code):
    """Yield the names that compiled code, and the functions within it, look up outside of themselves."""
    yield from (each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _global_names(inner)
