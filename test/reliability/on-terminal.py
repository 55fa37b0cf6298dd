"""Runs a program on a pseudo-terminal of 80 columns, prints all that it wrote there, then its exit status."""
import fcntl
import os
import pty
import struct
import sys
import termios

press = os.environ.pop("PRESS_CTRL_C_AT", None)
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    text += chunk
    if press is not None and press.encode() in text:
        os.write(terminal, b"\x03")
        press = None
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(text.replace(b"^C", b""))
print("status", os.waitstatus_to_exitcode(status))
