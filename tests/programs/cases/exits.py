# --- nothing at all
# --- only a comment
# nothing to do
# --- prints and ends
print("hi")
# --- output without a newline
print("no newline", end="")
# --- os._exit loses nothing that was written
import os
print("written")
os._exit(9)
# --- os._exit 255
import os
os._exit(255)
# --- os._exit skips exit functions and finalisation
import atexit, os
class Loud:
    def __del__(self): print("never")
loud = Loud()
atexit.register(print, "never")
os._exit(0)
# --- a finalizer of a module variable runs
class Loud:
    def __del__(self): print("finalized", Loud.__name__)
loud = Loud()
print("end of program")
# --- finalizers in the order of the names
class Loud:
    def __init__(self, name): self.name = name
    def __del__(self): print("finalized", self.name)
c = Loud("c"); a = Loud("a"); b = Loud("b"); _private = Loud("_private")
# --- a finalizer sees the module's names
import os
data = {"x": 1}
class Loud:
    def __del__(self): print(data, os is not None, __name__)
loud = Loud()
# --- a finalizer of a cycle
class Node:
    def __del__(self): print("node", self.name)
a, b = Node(), Node()
a.name, b.name = "a", "b"
a.other, b.other = b, a
# --- a finalizer that raises
class Bad:
    def __del__(self): raise ValueError("in __del__")
    def __repr__(self): return "<bad>"
bad = Bad()
# --- a finalizer that exits
class Bad:
    def __del__(self): raise SystemExit(5)
    def __repr__(self): return "<bad>"
bad = Bad()
# --- a finalizer that imports
class Late:
    def __del__(self):
        try:
            import colorsys
            print("imported")
        except BaseException as error:
            print(type(error).__name__)
late = Late()
# --- a finalizer of an object in another module
#: file "helper.py", "class Loud:\n    def __del__(self): print('helper finalized')\nloud = Loud()\n"
import helper
print("end of program")
# --- finalizers of two modules and main
#: file "one.py", "class Loud:\n    def __init__(self, n): self.n = n\n    def __del__(self): print('finalized', self.n)\nloud = Loud('one')\n"
#: file "two.py", "import one\nloud = one.Loud('two')\n"
import two
mine = two.one.Loud("main")
# --- a generator is closed at the end
def generate():
    try:
        yield 1
    finally:
        print("closed")
g = generate()
print(next(g))
# --- a weak reference's callback at the end
import weakref
class Thing: pass
thing = Thing()
reference = weakref.ref(thing, lambda _: print("gone"))
# --- weakref.finalize at the end
import weakref
class Thing: pass
thing = Thing()
weakref.finalize(thing, print, "finalize called")
print("end")
# --- an open file is flushed at the end
f = open("out.txt", "w")
f.write("text")
import atexit, os
print(os.path.getsize("out.txt"))
# --- a write to a file that is still open reaches the disk
import subprocess, sys
subprocess.run([sys.executable, "-c", "f = open('out.txt', 'w'); f.write('x' * 10)"])
print(open("out.txt").read())
# --- a temporary directory left open is removed and warned of
import tempfile, os
d = tempfile.TemporaryDirectory()
import atexit
print(os.path.isdir(d.name))
# --- exit in a finally block
import sys
try:
    sys.exit(3)
finally:
    print("finally")
# --- exit from nested functions with handlers
import sys
def inner():
    try: sys.exit(4)
    except Exception: print("not caught")
def outer():
    try: inner()
    except BaseException as error:
        print(repr(error)); raise
outer()
# --- the last expression is not printed
1 + 1
"text"
# --- exec and eval at the bottom
exec("print('in exec')")
print(eval("6 * 7"))
# --- asserts are on
assert __debug__
assert 1 == 2, "one is not two"
# --- the site's exit and quit
print(exit, quit)
exit()
# --- quit with a message
quit("bye")
# --- copyright and credits exist
print(type(copyright).__name__, type(credits).__name__, type(license).__name__, type(help).__name__)
# --- gc at the end finds a cycle through a class attribute
class A:
    instances = []
    def __init__(self): A.instances.append(self)
    def __del__(self): print("A gone")
A()
# --- a context manager left open
import contextlib
@contextlib.contextmanager
def manager():
    try: yield
    finally: print("manager closed")
m = manager()
m.__enter__()
# --- finalizer prints after stdout was replaced
import io, sys
class Loud:
    def __del__(self): print("still here", file=sys.__stdout__)
loud = Loud()
sys.stdout = io.StringIO()
print("swallowed")
# --- replaced stdout is flushed at the end
import sys
sys.stdout = open(1, "w", closefd=False)
print("buffered by the program")
# --- del of builtins used late
import builtins
class Loud:
    def __del__(self): print(len([1, 2]))
builtins.loud = Loud()
