# --- one
import atexit
atexit.register(print, "bye"); print("main")
# --- in reverse order
import atexit
for n in range(5): atexit.register(print, n)
# --- with keyword arguments
import atexit
atexit.register(print, "a", "b", sep="-", end="!\n")
# --- as a decorator
import atexit
@atexit.register
def bye(): print("decorated")
# --- unregister
import atexit
def f(): print("never")
atexit.register(f); atexit.register(print, "kept"); atexit.register(f); atexit.unregister(f)
# --- after an exception
import atexit
atexit.register(print, "after the traceback")
1 / 0
# --- after sys.exit
import atexit, sys
atexit.register(print, "after exit"); sys.exit(3)
# --- after a keyboard interrupt
import atexit
atexit.register(print, "after the interrupt")
raise KeyboardInterrupt
# --- raising
import atexit
def bad(): raise ValueError("in atexit")
atexit.register(print, "first registered"); atexit.register(bad); atexit.register(print, "last registered")
# --- exiting with a code
import atexit, sys
atexit.register(print, "still called"); atexit.register(sys.exit, 5)
# --- exiting with a message
import atexit, sys
atexit.register(sys.exit, "message from atexit")
# --- registering inside
import atexit
def outer(): print("outer"); atexit.register(print, "inner")
atexit.register(outer)
# --- order against finalizers
import atexit
class Loud:
    def __del__(self): print("finalizer")
loud = Loud(); atexit.register(print, "exit function")
# --- order against threads
import atexit, threading, time
def work(): time.sleep(0.1); print("thread")
atexit.register(print, "exit function"); threading.Thread(target=work).start()
# --- no frame below
import atexit, sys, traceback
def f(): print(sys._getframe().f_back); traceback.print_stack(file=sys.stdout)
atexit.register(f)
# --- sees sys.modules and globals
import atexit, sys
value = 42
def f(): print(value, __name__, "atexit" in sys.modules, sys.modules["__main__"].value)
atexit.register(f)
# --- imports
import atexit
def f():
    import colorsys, json
    print(colorsys.rgb_to_hsv(1, 0, 0), json.dumps([1]))
atexit.register(f)
# --- writes files
import atexit
def f():
    with open("bye.txt", "w") as file: file.write("bye")
    print(open("bye.txt").read())
atexit.register(f)
# --- run by hand, then not again
import atexit
atexit.register(print, "once")
atexit._run_exitfuncs()
print("main goes on")
# --- run by hand, modules stay
import atexit, json, random
atexit._run_exitfuncs()
import sys
print("json" in sys.modules, "random" in sys.modules, json.dumps(1))
atexit.register(print, "later")
# --- clear
import atexit
atexit.register(print, "never"); atexit._clear(); print("cleared")
# --- os._exit inside
import atexit, os
atexit.register(print, "never"); atexit.register(os._exit, 44)
# --- in a forked child
import atexit, os, sys
atexit.register(lambda: print("exit of", "parent" if os.getpid() == parent else "child", flush=True))
parent = os.getpid()
if os.fork() == 0: sys.exit(0)
os.wait()
# --- not after os._exit in a forked child
import atexit, os
atexit.register(print, "once")
if os.fork() == 0: os._exit(0)
os.wait()
# --- logging is shut down after
import atexit, logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
atexit.register(logging.warning, "at exit")
# --- reading input
#: stdin ["line\n"]
import atexit
atexit.register(lambda: print("read", input()))
# --- excepthook is not used
import atexit, sys
sys.excepthook = lambda *_: print("hook")
atexit.register(lambda: 1 / 0)
# --- subprocess
import atexit, subprocess
atexit.register(lambda: print(subprocess.run(["echo", "hi"], capture_output=True).stdout))
# --- a thousand
import atexit
count = 0
def f():
    global count
    count += 1
    if count == 1000: print("all")
for _ in range(1000): atexit.register(f)
# --- a bound method keeps its object
import atexit
class Saver:
    def save(self): print("saved")
    def __del__(self): print("saver gone")
atexit.register(Saver().save)
# --- threading._register_atexit comes first
import atexit, threading
atexit.register(print, "atexit"); threading._register_atexit(print, "threading")
