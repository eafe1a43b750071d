"""What is done around the first import of a library, wherever it comes from: `once("keras", context)`."""

import importlib.abc
import importlib.util
import sys


def once(library, context):
    """Arrange for the coming import of a library to run inside a context; does nothing if it has been imported.

    Args:
        library: Its top-level name.
        context: A function that returns a context manager.
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
