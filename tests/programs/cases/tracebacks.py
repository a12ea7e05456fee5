# --- division by zero
1 / 0
# --- name error with a suggestion
count = 1
print(cuont)
# --- attribute error with a suggestion
import collections
collections.namedtoplo
# --- import error
import no_such_module
# --- from import error
from os import no_such_name
# --- in functions
def a(): b()
def b(): c()
def c(): raise KeyError("missing")
a()
# --- line numbers
x = 1

y = 2

raise RuntimeError("line 5")
# --- in a method
class Account:
    def pay(self, amount):
        if amount < 0:
            raise ValueError("negative: %r" % amount)
Account().pay(-1)
# --- chained implicitly
try:
    {}["a"]
except KeyError:
    int("x")
# --- chained explicitly
try:
    {}["a"]
except KeyError as error:
    raise RuntimeError("outer") from error
# --- suppressed context
try:
    {}["a"]
except KeyError:
    raise RuntimeError("outer") from None
# --- exception group
raise ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [TypeError("t"), OSError(2, "no file")])])
# --- notes
error = ValueError("noted")
error.add_note("first note")
error.add_note("second\nnote")
raise error
# --- class without a message
class Odd(Exception): pass
raise Odd
# --- class in a function's scope
def f():
    class Inner(Exception): pass
    raise Inner("x")
f()
# --- str that raises
class Bad(Exception):
    def __str__(self): raise ValueError
raise Bad("x")
# --- multi line message
raise ValueError("first\nsecond\n\nlast")
# --- message beyond ASCII
raise ValueError("schön 日本 🎉 \x00 \x1b")
# --- lone surrogate in the message
raise ValueError("a\udcffb")
# --- syntax error
print("before")
def f(:
    pass
# --- syntax error at the end
x = (1,
# --- unclosed string
print("abc
# --- indentation error
if True:
print(1)
# --- unexpected indent
x = 1
  y = 2
# --- unindent does not match
if True:
        x = 1
    y = 2
# --- tab error
if True:
        x = 1
	y = 2
# --- invalid character
x = 1 ∕ 2
# --- non-printable character
#: code "x = 1\x01\n"
# --- return outside a function
return 5
# --- await outside a function
await thing()
# --- nonlocal at module level
nonlocal x
# --- assignment to a literal
1 = x
# --- print statement
print "hello"
# --- walrus misuse
x := 5
# --- invalid escape warns
print("\d")
# --- is with a literal warns
print(1 is 1)
# --- assert on a tuple warns
assert (1, "always true")
# --- future import too late
x = 1
from __future__ import annotations
# --- unknown future
from __future__ import time_travel
# --- invalid unicode escape
x = "\N{no such name}"
# --- integer with too many digits
int("1" * 5000)
# --- too many digits in a literal
#: code "x = " + "1" * 5000
# --- error in eval
eval("1 +")
# --- error in exec names its own string
exec("\n\nraise ValueError('third line')")
# --- error in compiled code with a file name
exec(compile("\n1/0", "my file.py", "exec"))
# --- error in an imported module shows its source
#: file "broken.py", "def f():\n    value = {}\n    return value['key'] + 1\n"
import broken
broken.f()
# --- syntax error in an imported module
#: file "broken.py", "def f(\n"
import broken
# --- excepthook of the program
import sys
def hook(kind, value, tb): print("hook:", kind.__name__, value, tb.tb_lineno, tb.tb_next)
sys.excepthook = hook
raise ValueError("for the hook")
# --- excepthook that raises
import sys
def hook(kind, value, tb): raise RuntimeError("the hook is broken")
sys.excepthook = hook
raise ValueError("original")
# --- excepthook that exits
import sys
sys.excepthook = lambda *_: sys.exit(33)
raise ValueError("original")
# --- excepthook None
import sys
sys.excepthook = None
raise ValueError("original")
# --- excepthook deleted
import sys
del sys.excepthook
raise ValueError("original")
# --- excepthook is the original
import sys
print(sys.excepthook is sys.__excepthook__, sys.excepthook.__name__)
# --- excepthook sees last_value
import sys
def hook(*_): print(hasattr(sys, "last_value"), repr(getattr(sys, "last_value", None)))
print([name for name in dir(sys) if name.startswith("last_")])
sys.excepthook = hook
raise ValueError("v")
# --- tracebacklimit
import sys
sys.tracebacklimit = 1
def a(): b()
def b(): 1 / 0
a()
# --- tracebacklimit zero
import sys
sys.tracebacklimit = 0
1 / 0
# --- traceback of a deep generator
def g():
    yield 1
    raise LookupError("in generator")
for _ in g(): pass
# --- traceback of a comprehension
[1 / n for n in (2, 1, 0)]
# --- traceback of a lambda
(lambda: [][0])()
# --- traceback of a decorator
import functools
def twice(f):
    @functools.wraps(f)
    def wrapper(*a): f(*a); return f(*a)
    return wrapper
@twice
def g(n): print(10 // n.pop())
g([0, 5])
# --- traceback.print_exc
import traceback
try: 1 / 0
except Exception: traceback.print_exc()
# --- traceback.format_stack has one frame
import traceback
print(traceback.format_stack())
def f(): return traceback.extract_stack()
print([(s.name, s.lineno, s.filename, s.line) for s in f()])
# --- inspect.stack has one frame
import inspect
print([(s.filename, s.lineno, s.function, s.code_context) for s in inspect.stack()])
# --- no frame below
import sys
print(sys._getframe().f_back, sys._getframe().f_code.co_filename, sys._getframe().f_code.co_name)
print(sys._getframe(0).f_globals is globals() is sys._getframe().f_locals)
try: sys._getframe(1)
except ValueError as error: print(error)
# --- exc_info is clear
import sys
print(sys.exc_info())
# --- stdlib frames show their source
import json
json.loads("{bad}")
# --- warnings with a stack level beyond the bottom
import warnings
warnings.warn("far", stacklevel=2)
warnings.warn("near")
# --- warning as error
import warnings
warnings.simplefilter("error")
warnings.warn("now an error", UserWarning)
# --- deprecation warnings show in main
import warnings
warnings.warn("old", DeprecationWarning)
def f(): warnings.warn("older", DeprecationWarning, stacklevel=2)
f()
# --- unraisable hook
import sys
def hook(u): print("unraisable:", u.exc_type.__name__, u.exc_value)
sys.unraisablehook = hook
class Bad:
    def __del__(self): raise ValueError("lost")
bad = Bad()
del bad
# --- unraisable printed
class Bad:
    def __del__(self): raise ValueError("lost")
    __del__.__qualname__ = "Bad.__del__"
def f():
    bad = Bad()
try: f()
finally: print("after")
# --- keyboard interrupt raised by hand
raise KeyboardInterrupt
# --- keyboard interrupt with a message
raise KeyboardInterrupt("stop it")
# --- keyboard interrupt subclass
class Stop(KeyboardInterrupt): pass
raise Stop("stop it")
# --- generator exit
raise GeneratorExit("x")
# --- base exception
raise BaseException("base")
# --- stop iteration
next(iter([]))
# --- memory error
x = "x" * (2**62)
# --- overflow
2.0 ** 10000
# --- unicode decode error
b"\xff".decode()
# --- unicode encode error in a message
"\ud800".encode()
# --- os error
open("/no/such/file")
# --- os error with two names
import os
os.rename("a", "b")
# --- recursion in repr
class R:
    def __repr__(self): return repr(self)
try: repr(R())
except RecursionError as error: print(type(error).__name__)
# --- pdb post mortem not started
import sys
print(sys.flags.inspect, sys.flags.interactive, hasattr(sys, "ps1"))
1 / 0
# --- faulthandler shows one frame
import faulthandler, sys
faulthandler.dump_traceback(file=sys.stdout, all_threads=False)
def f(): faulthandler.dump_traceback(file=sys.stdout, all_threads=False)
f()
# --- carets under an expression of an imported module
#: file "maths.py", "def f(a, b, c):\n    return a + b[\"x\"] * c.real\n"
import maths
maths.f(1, {}, 3)
# --- traceback through three files
#: file "one.py", "import two\ndef f(): two.g()\n"
#: file "two.py", "def g(): raise OSError(5, 'io')\n"
import one
one.f()
# --- an error while printing to a closed stderr
import sys
sys.stderr.close()
1 / 0
# --- an error with stderr None
import sys
sys.stderr = None
1 / 0
# --- code module console
import code
code.InteractiveConsole().runsource("1/0")
# --- doctest failure text
import doctest
def f():
    """
    >>> 1 + 1
    3
    """
print(doctest.run_docstring_examples(f, {}, name="f"))
