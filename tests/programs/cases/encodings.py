# --- what the streams say
import sys
for s in (sys.stdin, sys.stdout, sys.stderr):
    print(s.encoding, s.errors, s.newlines, s.line_buffering, s.write_through, s.name, s.mode, s.closed, s.fileno(), s.isatty(), s.readable(), s.writable(), s.seekable())
# --- their buffers
import sys
for s in (sys.stdin, sys.stdout, sys.stderr): print(type(s).__name__, type(s.buffer).__name__, s.buffer.name, s.buffer.mode if hasattr(s.buffer, "mode") else "", getattr(s.buffer, "raw", None) is not None)
print(sys.stdin.buffer.raw.name, sys.stdin.buffer.raw.mode, sys.stdin.buffer.raw.closefd, sys.stdout.buffer.closefd)
# --- their originals
import sys
print(sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)
print(sys.stdin, sys.stdout, sys.stderr, sys.stdout.buffer, sys.stdin.buffer)
# --- what is set
import locale, sys
print(sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), locale.getpreferredencoding(), locale.getlocale(), sys.flags.utf8_mode)
# --- many scripts
print("größe ñ Ελληνικά русский עברית العربية हिन्दी 日本語 한국어 ไทย")
# --- emoji and joiners
print("🎉 👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 \u200b|")
# --- beyond the basic plane
print("𝔘𝔫𝔦𝔠𝔬𝔡𝔢", len("𝔘"))
# --- a lone surrogate cannot be printed
print("\ud800")
# --- a lone surrogate to stderr
import sys
print("\ud800 and \udcff", file=sys.stderr)
# --- raw bytes
import sys
sys.stdout.buffer.write(bytes(range(256)))
# --- bytes that are not UTF-8
import os
os.write(1, b"\xff\xfe\x80\xc3\n"); os.write(2, b"\xed\xa0\x80")
# --- half a character, then the rest
import os, time
os.write(1, b"\xe6\x97"); time.sleep(0.03); os.write(1, b"\xa5\n")
# --- NULs and controls
print("a\0b\x07\x08\x1b[31mred\x1b[0m\r\n\t\x7f")
# --- carriage returns
import sys
for n in range(5): sys.stdout.write(f"\r{n}/5")
print()
# --- newlines of all kinds
print("a\nb\rc\r\nd\x0be\x0cf\x85g\u2028h")
# --- stdin in UTF-8
#: stdin ["größe 日本\n"]
print(ascii(input()))
# --- stdin that is not UTF-8
#: stdin [b"\xff\xfe\n"]
print(ascii(input()))
# --- stdin bytes that are not UTF-8
#: stdin [b"\xff\xfe\n"]
import sys
print(sys.stdin.buffer.read())
# --- stdin with a mark
#: stdin [b"\xef\xbb\xbftext\n"]
print(ascii(input()))
# --- a character cut in the input
#: stdin [b"\xe6\x97", b"\xa5\n"]
print(ascii(input()))
# --- identifiers beyond ASCII
größe = 3; 数 = 4; print(größe * 数)
# --- identifiers are normalized
ﬁ = 1; print(fi)
# --- a coding line is ignored
# -*- coding: latin-1 -*-
print(ascii("größe"))
# --- an unknown coding line is ignored
# -*- coding: no-such-codec -*-
print("ok")
# --- a byte order mark in the code
#: code "\ufeffprint('mark')"
# --- code that is not UTF-8
#: code b"print('\xff')"
# --- code that is not UTF-8 in the middle of a line
#: code b"x = 1\nprint('a\x80b')\n"
# --- line ends of other systems in the code
#: code "print(1)\r\nprint(2)\rprint(3)\n"
# --- a form feed in the code
#: code "x = 1\n\x0cprint(x)\n"
# --- tabs in the code
if True:
	print("tab")
# --- a line continued at the end
#: code "x = 1 + \\\n2\nprint(x)"
# --- a backslash at the end
#: code "x = 1 \\"
# --- no newline at the end
#: code "print('end')"
# --- blank lines only
#: code "\n\n   \n\t\n"
# --- file names beyond ASCII
import os
open("größe 日本.txt", "w").write("x"); print(os.listdir("."))
# --- file names that are not UTF-8
import os
open(b"\xff.txt", "w").close(); print(os.listdir("."), os.listdir(b"."))
# --- the default encoding of files
open("f", "w").write("größe"); print(open("f", "rb").read(), open("f").encoding)
# --- codecs
import codecs
print(codecs.encode("größe", "punycode"), "größe".encode("idna"), codecs.lookup("utf8").name, b"\xff".decode("cp437"))
# --- unknown codec
"x".encode("no-such")
# --- string escapes
print("\x41\u0042\U00000043\N{LATIN SMALL LETTER D}\101")
# --- repr of all kinds
print(repr("\n\t\\'\"\x00\u200b\ud800é"), ascii("é"), repr(b"\xff\n"))
# --- formatting beyond ASCII
print(f"{'größe':>10}|{'日本':^8}|{1234567.891:,.2f}|{0.1 + 0.2!r}")
# --- collation and case
print(sorted("éezZÉa"), "ß".upper(), "İ".lower().encode(), "ǆ".title())
