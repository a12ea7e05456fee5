"""The few messages of src/wire/agent.proto that the test speaks, encoded by hand (protobuf's wire format)."""

import struct

VARINT, BYTES = 0, 2
APPEND = 2**64 - 1
STDOUT, STDERR = 1, 2
EXITED, SIGNALED = 3, 4


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(*fields):
    """(number, int or bytes) pairs."""
    out = []
    for number, value in fields:
        if isinstance(value, int):
            out.append(varint(number << 3 | VARINT) + varint(value))
        else:
            out += [varint(number << 3 | BYTES), varint(len(value)), bytes(value)]
    return b"".join(out)


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def fields(data):
    """{number: value}; of a repeated field the last."""
    return dict(pairs(data))


def texts(data, number):
    """A repeated field."""
    return [value.decode() for which, value in pairs(data) if which == number]


def pairs(data):
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == VARINT:
            value, at = read_varint(data, at)
        elif tag & 7 == BYTES:
            length, at = read_varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"wire type {tag & 7} is not in agent.proto")
        yield tag >> 3, value


def signed(number):
    return number - 2**64 if number >= 2**63 else number


def frame(body):
    return struct.pack("<I", len(body)) + body


# To the agent: the field of ToAgent and its body.
def hello():
    return 2, message((1, 1))


def start(name, code):
    return 3, message((1, name), (2, code))


def attach(name, window):
    return 4, message((1, name), (3, window), (4, b"test"))


def detach(attachment):
    return 5, message((1, attachment))


def acknowledge(attachment, offset):
    return 6, message((1, attachment), (2, offset))


def give_input(name, data):
    return 7, message((1, name), (2, data), (3, APPEND))


def end_input(name):
    return 8, message((1, name))


# From the agent: fields of FromAgent.
INFO, FAILURE, OUTPUT, ENDED, STATUS = 3, 4, 6, 8, 10


def get_status():
    return 13, b""
