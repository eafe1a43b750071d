"""A context around the first import of a library, wherever it is imported: `once("keras", context)`."""

import importlib.abc
import importlib.util
import sys


def once(library, context):
    """Arrange for the first import of a library (its top-level name) to run inside a context.

    `context` is a function that returns a context manager. If the library has been imported, nothing is done.
    """
    waiting = any(isinstance(finder, _Finder) and finder.library == library for finder in sys.meta_path)
    if library not in sys.modules and not waiting:
        sys.meta_path.insert(0, _Finder(library, context))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, library, context):
        self.library, self.context = library, context

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.library:
            return None
        sys.meta_path.remove(self)  # once is enough, and the search below must not come back here
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                with self.context():
                    run(module)

            spec.loader.exec_module = exec_module
        return spec
