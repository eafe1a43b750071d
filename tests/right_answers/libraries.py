"""Answers that use a library, which is imported when such an answer is called and not before."""

import importlib


def using(module, answer):
    """The function `answer(library, *arguments)` as a function of the arguments alone.

    >>> using("math", lambda math, z: math.sqrt(z))(9.0)
    3.0
    """

    def function(*arguments):
        return answer(importlib.import_module(module), *arguments)

    return function
