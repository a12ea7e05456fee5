# --- sys.stdout closed
import sys
sys.stdout.close()
# --- print to a closed stdout
import sys
sys.stdout.close(); print("x")
# --- descriptor 1 closed
import os
os.close(1); print("x")
# --- descriptor 1 closed, nothing printed
import os
os.close(1)
# --- descriptor 2 closed, traceback lost
import os
os.close(2); 1 / 0
# --- both closed
import os
os.close(1); os.close(2); 1 / 0
# --- stderr closed, message lost
import sys
sys.stderr.close(); sys.exit("message")
# --- stdout None
import sys
sys.stdout = None; print("nowhere")
# --- stdout deleted
import sys
del sys.stdout
print("where")
# --- a broken pipe
import os
r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)
print("x")
# --- a broken pipe caught
import os, sys
r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)
try: print("x")
except BrokenPipeError as error: print(error, file=sys.stderr)
# --- a broken pipe at the flush of the end
import os, sys
r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)
sys.stdout = open(1, "w", closefd=False); sys.stdout.write("held back")
# --- a broken pipe at the end, after an error
import os, sys
r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)
sys.stdout = open(1, "w", closefd=False); sys.stdout.write("held back"); 1 / 0
# --- a broken pipe at the end, after an exit
import os, sys
r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)
sys.stdout = open(1, "w", closefd=False); sys.stdout.write("held back"); sys.exit(3)
# --- a full device
import os
os.dup2(os.open("/dev/full", os.O_WRONLY), 1); print("x")
# --- a full device at the end
import os, sys
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
sys.stdout = open(1, "w", closefd=False); sys.stdout.write("held back")
# --- a stdout whose flush raises
import sys
class Bad:
    def write(self, text): pass
    def flush(self): raise OSError("no flush")
sys.stdout = Bad(); print("x")
# --- a stderr whose write raises
import sys
class Bad:
    def write(self, text): raise OSError("no write")
    def flush(self): pass
sys.stderr = Bad(); 1 / 0
# --- stdout without flush
import sys
class Bad:
    def write(self, text): sys.__stdout__.write(text)
sys.stdout = Bad(); print("x")
# --- stdout replaced for a while
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as text: print("inside")
print(repr(text.getvalue()))
# --- detached stdout
import sys
raw = sys.stdout.detach(); raw.write(b"raw\n"); print("x")
# --- detached, then ended
import sys
raw = sys.stdout.detach(); raw.write(b"raw\n")
# --- reconfigured
import sys
sys.stdout.reconfigure(encoding="latin-1", errors="replace"); print("größe 日本")
# --- reconfigured to hold back
import sys
sys.stdout.reconfigure(write_through=False); sys.stdout.write("held"); sys.stderr.write("err")
# --- written to a file descriptor copied before
import os
fd = os.dup(1); os.close(1); os.write(fd, b"copy\n")
# --- stdin closed
import sys
sys.stdin.close(); input()
# --- descriptor 0 closed
import os
os.close(0); input("> ")
# --- stdin None
import sys
sys.stdin = None; input()
# --- all three closed
import sys
sys.stdin.close(); sys.stdout.close(); sys.stderr.close(); 1 / 0
# --- a file in place of stdout
import os, sys
os.dup2(os.open("log", os.O_CREAT | os.O_RDWR), 1); print("to the file"); os.system("echo too")
sys.stderr.write(open("log").read())
# --- a new stdout wrapper closed by collection
import io, sys
sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"), write_through=True)
print("x"); sys.stdout = sys.__stdout__; print("y")
# --- closing everything above two
import os
os.closerange(3, 100); print("still here")
# --- closing everything
import os
os.closerange(0, 100)
