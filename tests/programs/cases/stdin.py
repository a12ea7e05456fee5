# --- nothing is there
input()
# --- nothing is there, caught
try: input("prompt> ")
except EOFError as error: print(repr(error))
# --- a line
#: stdin ["alice\n"]
print("hello", input("name? "))
# --- a line without an end
#: stdin ["alice"]
print(repr(input()))
# --- three lines
#: stdin ["a\nb\nc\n"]
print(input(), input(), input())
# --- lines one by one
#: stdin ["1\n", "2\n", "3\n"]
print(sum(int(input("n: ")) for _ in range(3)))
# --- one line too few
#: stdin ["a\n"]
print(input()); print(input())
# --- an empty line
#: stdin ["\n"]
print(repr(input()))
# --- the prompt comes first
#: stdin ["x\n"]
import sys
sys.stderr.write("err "); print(input("prompt without a newline: "))
# --- a prompt beyond ASCII
#: stdin ["ü\n"]
print(input("größe? "))
# --- a prompt that is an object
#: stdin ["x\n"]
print(input([1, 2]))
# --- read all
#: stdin ["a\nb\n", "c"]
import sys
print(repr(sys.stdin.read()))
# --- read some
#: stdin ["abcdefgh"]
import sys
print(sys.stdin.read(3), sys.stdin.read(2), sys.stdin.read())
# --- readline and readlines
#: stdin ["a\nb\nc"]
import sys
print(repr(sys.stdin.readline()), sys.stdin.readlines(), repr(sys.stdin.readline()))
# --- iteration
#: stdin ["a\nb\n", "c\n"]
import sys
for line in sys.stdin: print(repr(line))
# --- bytes
#: stdin [b"\x00\x01\xff\n"]
import sys
print(sys.stdin.buffer.readline())
# --- os.read
#: stdin ["direct\n"]
import os
print(os.read(0, 100))
# --- input takes ahead what is there
#: stdin ["one\ntwo\n"]
import os
print(input()); print(os.read(0, 100)); print(input())
# --- carriage returns
#: stdin ["a\r\nb\rc\n"]
import sys
print(repr(sys.stdin.read()))
# --- input strips one newline
#: stdin ["a \r\n"]
print(repr(input()))
# --- a long line
#: stdin ["x" * 300000 + "\n"]
print(len(input()))
# --- a megabyte
#: stdin ["y" * (1 << 20)]
import sys
print(len(sys.stdin.read()))
# --- many lines
#: stdin ["".join(f"{n}\n" for n in range(50000))]
import sys
print(sum(map(int, sys.stdin)))
# --- not read
#: stdin ["unread\n"]
print("ignores it")
# --- much that is not read
#: stdin ["unread\n" * 50000]
print("ignores it")
# --- open and not read
#: keep_open
print("ends all the same")
# --- open, one line read
#: stdin ["a\n"]
#: keep_open
print(input())
# --- select
#: stdin ["ready\n"]
#: keep_open
import select, sys
print(select.select([sys.stdin], [], [], 5)[0] == [sys.stdin], input())
# --- isatty
import os, sys
print(sys.stdin.isatty(), os.isatty(0))
# --- what kind of file it is
import os, stat
print([stat.filemode(os.fstat(fd).st_mode)[0] for fd in (0, 1, 2)])
# --- seek
import sys
sys.stdin.seek(0)
# --- tell
import sys
sys.stdin.tell()
# --- getpass
#: stdin ["secret\n"]
import getpass
try: print(getpass.getpass())
except Exception as error: print(repr(error))
# --- fileinput
#: stdin ["a\nb\n"]
import fileinput
for line in fileinput.input(): print(fileinput.lineno(), repr(line))
# --- csv
#: stdin ["a,b\n1,2\n"]
import csv, sys
print(list(csv.DictReader(sys.stdin)))
# --- json
#: stdin ['{"a": [1, 2]}']
import json, sys
print(json.load(sys.stdin))
# --- eval of input
#: stdin ["6 * 7\n"]
print(eval(input()))
# --- code from stdin is not run
#: stdin ["print('never')\n"]
pass
# --- the guessing game
#: stdin ["5\n", "abc\n", "8\n", "7\n"]
secret, tries = 7, 0
while tries < 6:
    tries += 1
    try: guess = int(input("Take a guess: "))
    except ValueError: print("Not a number."); continue
    if guess == secret: print(f"Right, in {tries}."); break
    print("Too low." if guess < secret else "Too high.")
# --- cmd module
#: stdin ["greet\n", "quit\n"]
import cmd
class Shell(cmd.Cmd):
    use_rawinput = False
    def do_greet(self, arg): print("hello")
    def do_quit(self, arg): return True
Shell().cmdloop("intro")
# --- interactive console
#: stdin ["x = 5\n", "x + 1\n"]
import code
code.interact(banner="banner", exitmsg="bye")
# --- pdb
#: stdin ["p x\n", "c\n"]
import pdb
x = 5
pdb.run("y = x + 1", {"x": 5})
# --- breakpoint
#: stdin ["p n\n", "c\n"]
n = 7
breakpoint()
print("after")
# --- help pager
help(len)
# --- replaced stdin
import io, sys
sys.stdin = io.StringIO("from memory\n"); print(input("? "))
# --- reopened stdin
#: stdin ["again\n"]
print(open(0, closefd=False).read())
# --- /dev/stdin
#: stdin ["by name\n"]
print(open("/dev/stdin").read())
# --- a deleted sys.stdin
import sys
del sys.stdin
input()
# --- readline module
#: stdin ["x\n"]
import readline
print(input("> "))
# --- timeit and input
#: stdin ["1\n2\n3\n"]
import sys
it = iter(sys.stdin.readline, ""); print(list(it))
