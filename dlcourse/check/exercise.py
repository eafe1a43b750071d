"""The exercise mechanism: an exercise is data, and one list of typical wrong answers serves learner and test.

An exercise knows the right answer as a function. It calls the learner's function and the right one on the same cases,
first those that are written down, then random ones from a fixed seed, and compares shape, then properties, then values.

>>> import numpy as np
>>> from dlcourse.scratch.activations import relu
>>> exercise = Exercise(
...     reference=relu,  # the right answer; its name, arguments, docstring and source are shown to the learner
...     notebook="1-1",
...     section="1.1.1",
...     cases=[(np.array([-1.0, 0.0, 2.0]),)],  # each case is the tuple of the arguments
...     random=lambda rng: (rng.normal(size=(2, 3)),),  # one more case; drawn 20 times
...     properties=[(lambda a, z: np.all(a >= 0), "no value is negative")],  # given the result, then the arguments
...     slips='''
...         np.maximum -> np.minimum
...             This keeps the negative side. Which one does relu keep?
...         np.maximum(0, z) -> np.max(z)
...             np.max is the largest of all numbers; np.maximum compares number by number.
...     ''',  # typical wrong answers, each an edit of our own, and the sentence to say: each must be caught
...     wrong=[(np.abs, "A negative number must give 0, not its absolute value.")],  # and those that are no edits
...     hints=["A price is not negative: what is below 0 becomes 0.", "np.maximum compares number by number."],
... )
>>> exercise(lambda z: ...)
… relu: not yet. Fill in the function and run this cell again. check.relu.hint() gives a hint.
>>> exercise(lambda z: abs(z))
relu
  ✓ it runs
  ✓ type and shape
  ✓ no value is negative
  ✗ value, in case 1 of 21
      z         [-1, 0, 2]
      expected  [0, 0, 2]
      got       [1, 0, 2]
    A negative number must give 0, not its absolute value.
    check.relu.hint() gives a hint.
>>> exercise(lambda z: z * (z > 0))
relu
  ✓ it runs
  ✓ type and shape
  ✓ no value is negative
  ✓ value
  ✓ the arguments stay as they were
  Right in all 21 cases.

A week's module holds `EXERCISES`, a list of these. A new slip is an edit and a sentence: add the two lines and run
`pytest tests/test_check.py -k NAME`, which says whether the edit fits the source, and whether the slip is caught and
told from the others. One of the slips must break each property. Right answers written differently, which must be
accepted, stand in `tests/right_answers`.
An argument is of one kind in all cases, an array or a number or a list, and the stub in the notebook says which.
Results may be numbers, arrays, strings, booleans, None, and tuples, lists or dicts of them.
Tensors of any library count as arrays, and what was computed in float32 is compared as far as float32 can tell.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dlcourse._kernel import in_notebook
from dlcourse.check.calling import call, notebook_names
from dlcourse.check.compare import differences, fitted
from dlcourse.check.showing import show
from dlcourse.check.source import core, slips_from, solution_of

import numpy as np


@dataclass(kw_only=True, eq=False, repr=False)
class Exercise:
    """One exercise; the module's first lines show how to write it and what it prints.

    Args:
        reference: The right answer, a function with a docstring; the checks of its arguments are left out. Its dotted
            name, if its module loads Keras: a list of all exercises must not.
        notebook: The notebook that sets it, such as "1-2".
        section: The section in the notes, such as "1.2.3".
        cases: Argument tuples to try, the most telling first.
        hints: Sentences, from a nudge to nearly the answer.
        slips: Typical wrong answers as edits of the right one; `source.slips_from` says how they are written.
        wrong: Typical wrong answers that are no edits: pairs (wrong function, what to say to the learner who wrote it).
        random: Function of a NumPy random generator that returns one more argument tuple.
        properties: Pairs (predicate of the result and the arguments, the fact it tests as a sentence without a stop).
        through: Function of (function, *arguments) that calls the learner's function or ours and returns what is
            compared: for an answer that cannot be compared as it is, such as layers. It lets `...` and None pass.
        name: Name of the exercise; that of `reference` if None.
        random_cases: Number of random cases to draw.
        rtol, atol: Tolerances: a number may differ from ours by atol + rtol · |ours|, by more in float32.
        keepdims: True: axes of length 1 may have been kept or dropped, since that makes no difference here; "numbers":
            only around what is one number.
    """

    reference: Callable | str
    notebook: str
    section: str
    cases: Sequence[tuple]
    hints: Sequence[str]
    slips: str = ""
    wrong: Sequence[tuple[Callable, str]] = ()
    random: Callable | None = None
    properties: Sequence[tuple[Callable, str]] = ()
    through: Callable | None = None
    name: str | None = None
    random_cases: int = 20
    rtol: float = 1e-6
    atol: float = 1e-9
    keepdims: bool | str = False

    def __post_init__(self):
        if isinstance(self.reference, str):  # imported when it is first needed
            self._dotted_name = self.reference
            self.name = self.name or self.reference.rpartition(".")[2]
            del self.reference
        else:
            self.reference = core(self.reference)
            self.name = self.name or self.reference.__name__
        self._hints_given = 0
        self._outcomes = {}

    def __getattr__(self, attribute):
        if attribute != "reference":
            raise AttributeError(f"an exercise has no attribute {attribute!r}")
        module, _, name = self._dotted_name.rpartition(".")
        self.reference = core(getattr(importlib.import_module(module), name))
        return self.reference

    def __call__(self, function):
        """Print what is right about `function`, or its first wrong case; returns nothing."""
        print(self._examine(function)[1])

    def passes(self, function):
        """Return whether `function` is right, and print nothing; for teachers and tests."""
        return self._examine(function)[0]

    def hint(self):
        """Print the hints given so far and one more."""
        self._hints_given = min(self._hints_given + 1, len(self.hints))
        for number, hint in enumerate(self.hints[: self._hints_given], 1):
            print(f"Hint {number} of {len(self.hints)}: {hint}")
        if self._hints_given == len(self.hints):
            print(f"That was the last hint; check.{self.name}.solution() shows our answer.")

    def solution(self):
        """Show the right answer as code that runs: what stands in the package, under the name of the exercise."""
        text = f"# {self.reference.__module__}\n{solution_of(self.reference, self.name)}"
        if in_notebook():  # Markdown takes the colors and the font of the page
            from IPython.display import display

            display({"text/markdown": f"```python\n{text}```", "text/plain": text}, raw=True)
        else:
            print(text)

    @functools.cached_property
    def all_slips(self):
        """List all typical wrong answers, as pairs (wrong function, what to say to the learner who wrote it)."""
        return [*slips_from(self.slips, self.reference), *self.wrong]

    def __repr__(self):
        about = (inspect.getdoc(self.reference) or "").partition("\n")[0]
        return (
            f"{self.name}{inspect.signature(self.reference)}: {about}\n"
            f"Notebook {self.notebook}, section {self.section}.\n"
            f"check.{self.name}(your_function) checks it, check.{self.name}.hint() helps, "
            f"check.{self.name}.solution() shows ours."
        )

    def all_cases(self):
        """Return the written cases, then the random ones, the same in every run."""
        rng = np.random.default_rng(0)
        return [*self.cases, *(self.random(rng) for _ in range(self.random_cases if self.random else 0))]

    def _examine(self, function):
        """Return whether the function is right, and the text that says so."""
        name, more = self.name, f"check.{self.name}.hint() gives a hint."
        not_yet = False, f"… {name}: not yet. Fill in the function and run this cell again. {more}"
        if function is None or function is ...:
            return not_yet
        if not callable(function):
            return False, f"✗ {name}: give the function itself, not what it returns: check.{name}({name})"
        cases = self.all_cases()
        ours = [self._known(self.reference, number, case) for number, case in enumerate(cases)]
        theirs = [self._call(function, 0, cases[0])]
        if theirs[0].is_stub and ours[0].result is not None:
            return not_yet
        theirs += [self._call(function, number, case) for number, case in enumerate(cases[1:], 1)]
        answers, lines = list(zip(cases, ours, theirs, strict=True)), [name]
        for fact, complain in self._stages():
            for number, (case, our, their) in enumerate(answers, 1):
                if rows := complain(case, our, their):
                    arguments = zip(self._arguments(), map(show, case), strict=False)
                    advice = [_from_the_notebook(function), self._slip(answers) or self._likely(case, our, their), more]
                    lines.append(f"  ✗ {fact}, in case {number} of {len(cases)}")
                    lines += [_row(label, text) for label, text in [*arguments, *rows]]
                    return False, "\n".join([*lines, *(f"    {line}" for line in advice if line)])
            lines.append(f"  ✓ {fact}")
        return True, "\n".join([*lines, f"  Right in all {len(cases)} cases."])

    def _call(self, function, number, case):
        """Call a function on a case, and bring its result into the form of ours where the form makes no difference."""
        outcome = call(function, case, self.through)
        if function is self.reference:
            return outcome
        return outcome._replace(
            result=fitted(outcome.result, self._known(self.reference, number, case).result, self.keepdims)
        )

    def _known(self, function, number, case):
        """Return the outcome of our answer or a typical wrong one, computed once: layers take time to build."""
        if (function, number) not in self._outcomes:
            self._outcomes[function, number] = self._call(function, number, case)
        return self._outcomes[function, number]

    def _stages(self):
        """Yield what is tried, in this order: a fact, and a function that returns rows of a complaint if it fails."""
        yield "it runs", lambda case, our, their: their.error
        yield "type and shape", lambda case, our, their: self._first(their.result, our.result, "shape")
        yield from ((fact, self._unless(holds)) for holds, fact in self.properties)
        yield "value", lambda case, our, their: self._first(their.result, our.result, "value")
        yield "the arguments stay as they were", lambda case, our, their: self._changed(case, their)

    def _unless(self, holds):
        """Make the complaint about a result that breaks a property; right values pass, because float32 rounds."""

        def complain(case, our, their):
            broken = not holds(their.result, *case) and self._first(their.result, our.result, "value")
            return [("got", show(their.result))] if broken else []

        return complain

    def _first(self, got, expected, stage):
        found = differences(got, expected, self.rtol, self.atol)
        return next((difference.rows for difference in found if difference.stage == stage), [])

    def _changed(self, case, their):
        arguments = zip(self._arguments(), case, their.arguments, strict=False)
        return [(f"{name} after", show(after)) for name, before, after in arguments if any(differences(after, before))]

    def _arguments(self):
        return list(inspect.signature(self.reference).parameters)

    def _slip(self, answers):
        """Find the sentence of the typical wrong answer that does the same wherever the learner's answer fails.

        Of several, take the one that does the same in most of the other cases too.
        """
        stages = [complain for _, complain in self._stages()]
        failing = {number for number, answer in enumerate(answers) if any(complain(*answer) for complain in stages)}
        best, most = "", -1
        for wrong, message in self.all_slips:

            def same(number, wrong=wrong):
                case, _, their = answers[number]
                return self._alike(self._known(wrong, number, case), their)

            if all(same(number) for number in failing):  # seldom, and then it is worth looking at the others
                count = sum(same(number) for number in range(len(answers)))
                if count > most:
                    best, most = message, count
        return best

    def _alike(self, a, b):
        return a.error[:1] == b.error[:1] and not any(
            (*differences(a.result, b.result, self.rtol, self.atol), *differences(a.arguments, b.arguments))
        )

    def _likely(self, case, our, their):
        """Return what any wrong result of this kind suggests."""
        if their.error:  # raised before the learner's first line was reached: called with other arguments than expected
            called_as = f"It is called as {self.name}({', '.join(self._arguments())})."
            return called_as if len(their.error) == 1 else their.advice
        if self._changed(case, their):
            return "Your function changes its own arguments: compute a new array, or work on a copy."
        found = differences(their.result, our.result, self.rtol, self.atol)
        return next((difference.advice for difference in found if difference.advice), "")


def _from_the_notebook(function):
    """Return the advice for a function that uses a variable of the notebook where an argument was meant."""
    data, unused = notebook_names(function)
    if not data:
        return ""
    listed = " and ".join(f"`{name}`" for name in data)
    never = f"; it never uses its argument {' and '.join(f'`{name}`' for name in unused)}" if unused else ""
    return f"Your function uses {listed} from the notebook, not only its arguments{never}."


def _row(label, text):
    indented = text.replace("\n", "\n" + 16 * " ")
    return f"      {label:<9} {indented}"
