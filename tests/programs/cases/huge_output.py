# --- a megabyte in one write
print("x" * (1 << 20))
# --- ten megabytes in one write
import sys
sys.stdout.write("y" * (10 << 20))
# --- a hundred thousand lines
for n in range(100000): print(n)
# --- twenty thousand lines to each stream
import sys
for n in range(20000):
    print("out", n); print("err", n, file=sys.stderr)
# --- a megabyte to stderr
import sys
sys.stderr.write("e" * (1 << 20))
# --- bytes of all values
import sys
for _ in range(1000): sys.stdout.buffer.write(bytes(range(256)))
# --- writev of many pieces
import os
total = 0
for _ in range(100): total += os.writev(1, [b"a" * 100, b"b" * 100, b"\n"])
os.write(2, str(total).encode())
# --- one line of five megabytes without end
import sys
sys.stdout.write("z" * (5 << 20)); sys.stdout.flush()
# --- one character at a time
import sys
for n in range(20000): sys.stdout.write(chr(65 + n % 26))
# --- a progress bar
import sys
for n in range(5000): sys.stdout.write(f"\r{n / 50:.1f}%")
# --- wide characters
for _ in range(20000): print("日本語🎉")
# --- print with flush
for n in range(10000): print(n, flush=True)
# --- writelines
import sys
sys.stdout.writelines(f"{n}\n" for n in range(50000))
# --- pretty printed data
import pprint
pprint.pprint({n: list(range(n % 20)) for n in range(2000)})
# --- json
import json
print(json.dumps([{"n": n, "text": "é" * 10} for n in range(20000)], indent=1))
# --- a child's output
import subprocess
subprocess.run(["seq", "200000"])
# --- a thread's output
import sys, threading
def work(c):
    for _ in range(2000): sys.stdout.write(c * 79 + "\n")
t = threading.Thread(target=work, args=("t",)); t.start(); t.join(); work("m")
# --- a huge traceback message
raise ValueError("v" * (1 << 20))
# --- a huge exit message
raise SystemExit("s" * (1 << 20))
# --- a huge repr
print(list(range(200000)))
# --- a big number
import sys
if hasattr(sys, "set_int_max_str_digits"): sys.set_int_max_str_digits(0)
print(3 ** 100000)
# --- then an error
for n in range(20000): print("line", n)
1 / 0
# --- then a kill
import os
for n in range(20000): print("line", n)
os.kill(os.getpid(), 9)
# --- then os._exit
import os
os.write(1, b"w" * (1 << 20)); os._exit(1)
# --- buffered by the program
import sys
out = open(1, "w", buffering=1 << 16, closefd=False)
for n in range(100000): out.write(f"{n}\n")
out.flush()
# --- slow at the start, then much
import time
print("first"); time.sleep(0.1); print("x" * 3000000)
# --- empty writes
import sys
for _ in range(1000): sys.stdout.write("")
print("", end=""); print("done")
# --- a big table
for r in range(2000): print(*(f"{r * c:8d}" for c in range(20)))
