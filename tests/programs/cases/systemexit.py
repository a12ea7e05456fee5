# --- none
raise SystemExit
# --- none given
raise SystemExit(None)
# --- zero
raise SystemExit(0)
# --- one
raise SystemExit(1)
# --- seven
import sys
sys.exit(7)
# --- minus one
raise SystemExit(-1)
# --- 255
raise SystemExit(255)
# --- 256 wraps
raise SystemExit(256)
# --- 1000 wraps
raise SystemExit(1000)
# --- minus 300 wraps
raise SystemExit(-300)
# --- an integer beyond 32 bits
raise SystemExit(2**40 + 5)
# --- an integer beyond 64 bits
raise SystemExit(2**70)
# --- a negative integer beyond 64 bits
raise SystemExit(-(2**70))
# --- true
raise SystemExit(True)
# --- false
raise SystemExit(False)
# --- float
raise SystemExit(2.5)
# --- float zero
raise SystemExit(0.0)
# --- string
raise SystemExit("a message")
# --- empty string
raise SystemExit("")
# --- string with newlines
raise SystemExit("two\nlines\n")
# --- string beyond ASCII
raise SystemExit("größe 日本 🎉")
# --- string with a lone surrogate
raise SystemExit("lone \udc80 surrogate")
# --- bytes
raise SystemExit(b"bytes")
# --- tuple
raise SystemExit((1, 2))
# --- two arguments
raise SystemExit(1, 2)
# --- list
raise SystemExit(["a", 1])
# --- object with a str
class Thing:
    def __str__(self): return "thing's str"
raise SystemExit(Thing())
# --- object whose str raises
class Thing:
    def __str__(self): raise ValueError("no str")
raise SystemExit(Thing())
# --- object with an index only
class Thing:
    def __index__(self): return 6
    def __str__(self): return "has an index"
raise SystemExit(Thing())
# --- subclass of int
class Number(int): pass
raise SystemExit(Number(8))
# --- an enum member
import enum
class Code(enum.IntEnum): BAD = 12
raise SystemExit(Code.BAD)
# --- subclass of SystemExit
class MyExit(SystemExit):
    pass
raise MyExit(11)
# --- subclass with its own code attribute
class MyExit(SystemExit):
    code = 13
raise MyExit("ignored")
# --- subclass with a property that raises
class MyExit(SystemExit):
    @property
    def code(self): raise RuntimeError("no code")
raise MyExit(3)
# --- an exception as the code
raise SystemExit(ValueError("inner"))
# --- raised while handling another
try:
    1 / 0
except ZeroDivisionError:
    raise SystemExit("from a handler")
# --- raised from another
try:
    1 / 0
except ZeroDivisionError as error:
    raise SystemExit(21) from error
# --- caught and printed
try:
    raise SystemExit(5)
except SystemExit as error:
    print(error.code, error.args)
# --- code changed afterwards
try:
    raise SystemExit(5)
except SystemExit as error:
    error.code = 17
    raise
# --- message goes to a replaced stderr
import io, sys
sys.stderr = io.StringIO()
raise SystemExit("unseen")
# --- message with stderr None
import sys
sys.stderr = None
raise SystemExit("unseen")
# --- message with stderr deleted
import sys
del sys.stderr
raise SystemExit("where to")
# --- output before the message
import sys
sys.stdout.write("partial")
raise SystemExit("message")
# --- in a group
raise BaseExceptionGroup("group", [SystemExit(3), ValueError(1)])
# --- in exec
exec("raise SystemExit(14)")
# --- in a function called by map
import sys
list(map(sys.exit, [15]))
# --- excepthook is not asked
import sys
sys.excepthook = lambda *_: print("hook")
sys.exit(16)
# --- argparse error
import argparse
argparse.ArgumentParser(prog="tool").parse_args(["--no-such"])
# --- argparse help
import argparse
p = argparse.ArgumentParser(prog="tool", description="A tool.")
p.add_argument("--n", type=int, help="a number")
p.parse_args(["-h"])
# --- argparse with no arguments sees none
import argparse
p = argparse.ArgumentParser()
p.add_argument("name")
p.parse_args()
