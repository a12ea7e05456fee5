# --- ten megabytes of a string
#: code "x = '" + "a" * (10 * 1024 * 1024 - 100) + "'\nprint(len(x))\n"
# --- ten megabytes of a comment
#: code "#" + "c" * (10 * 1024 * 1024 - 100) + "\nprint('after the comment')\n"
# --- a megabyte of lines
#: code "x = 0\n" + "x += 1\n" * 140000 + "print(x)\n"
# --- just below the inline size
#: code "print('ok')\n" + "#" * (65536 - 12)
# --- just above the inline size
#: code "print('ok')\n" + "#" * (65537 - 12)
# --- just at twice the inline size
#: code "print('ok')\n" + "#" * (131072 - 12)
# --- beyond one argument
#: code "#" * 140000 + "\nprint('ok')\n"
# --- a big dictionary
#: code "d = {" + ",".join(f"'{n}': {n}" for n in range(20000)) + "}\nprint(sum(d.values()))\n"
# --- a big list of lists
#: code "x = [" + ",".join("[1, 2, 3]" for n in range(20000)) + "]\nprint(len(x))\n"
# --- two thousand functions
#: code "".join(f"def f{n}(): return {n}\n" for n in range(2000)) + "print(f1999())\n"
# --- a thousand classes
#: code "".join(f"class C{n}:\n    x = {n}\n" for n in range(1000)) + "print(C999.x)\n"
# --- a megabyte beyond ASCII
#: code "x = '" + "日本" * 180000 + "'\nprint(len(x), x[-1])\n"
# --- data in a triple quoted string
#: code "data = '''" + "a,b,c\n" * 100000 + "'''\nprint(data.count(','))\n"
# --- bytes
#: code "x = b'" + "\\xff" * 100000 + "'\nprint(len(x))\n"
# --- it exits with a code
#: code "#" * 200000 + "\nimport sys\nsys.exit(42)\n"
# --- it exits with a message
#: code "#" * 200000 + "\nraise SystemExit('far down')\n"
# --- it reads input
#: code "#" * 200000 + "\nprint(input('> '))\n"
#: stdin ["typed\n"]
# --- it leaves finalizers
#: code "#" * 200000 + "\nclass A:\n    def __del__(self): print('gone')\na = A()\n"
# --- it registers exit functions
#: code "#" * 200000 + "\nimport atexit\natexit.register(print, 'bye')\n"
# --- it starts threads
#: code "#" * 200000 + "\nimport threading, time\nthreading.Thread(target=lambda: (time.sleep(.05), print('late'))).start()\n"
# --- it looks at itself
#: code "#" * 200000 + "\nimport sys\nprint(sys.argv, __name__, sys.path[0] == '', sorted(vars()))\n"
# --- it forks
#: code "#" * 200000 + "\nimport os\npid = os.fork()\nif pid: os.wait()\nprint('parent' if pid else 'child')\n"
# --- it catches its own error
#: code "#" * 200000 + "\ntry: 1 / 0\nexcept ZeroDivisionError as e: print(e, e.__traceback__.tb_lineno)\n"
# --- below one argument with a traceback
#: code "#" * 99000 + "\n\n1 / 0\n"
# --- ninety thousand lines below one argument
#: code "\n" * 90000 + "raise ValueError('line 90001')\n"
# --- a syntax error far down
#: code "x = 1\n" * 15000 + "x = = 1\n"
# --- a NUL is refused
#: code "print('\\0')"
