"""Programs that join their stdin and stdout to a socket, made of what a server's image or host happens to have.

Two rules, both learned from Postgres. In its container Postgres is process 1: a child of ours that outlives its parent
becomes *its* child, and when that one dies of a signal, Postgres takes it for a crashed backend and restarts every
connection of production (CleanupBackend, HandleChildCrash in postmaster.c, 14 to 18). So nothing here leaves a child
behind: one process where that is possible, and where a shell must start two, it waits for both. And a relay ends as
soon as either side closes: a client that does not hear of the server's end would wait for ever.
"""

from __future__ import annotations

RELAYS_TCP = ("perl", "python3", "socat", "bash", "nc")
RELAYS_UNIX = ("perl-unix", "python3-unix", "socat-unix")


def relay(kind: str, target: str, port: int) -> tuple[str, ...]:
    """The program of that kind, one of `RELAYS_TCP` or `RELAYS_UNIX`, in the order in which they are to be preferred.

    `target` is a host's name or address, or for `*-unix` the path of a socket. Raises ValueError.
    """
    match kind:
        case "perl":
            return ("perl", "-e", _PERL, target, str(port))
        case "perl-unix":
            return ("perl", "-e", _PERL, target)
        case "python3":
            return ("python3", "-c", _PYTHON, target, str(port))
        case "python3-unix":
            return ("python3", "-c", _PYTHON, target)
        case "socat":
            return ("socat", "-b65536", "-", f"TCP:{target}:{port}")
        case "socat-unix":
            return ("socat", "-b65536", "-", f"UNIX-CONNECT:{target}")
        case "bash":
            return ("bash", "-c", _BASH, "relay", target, str(port))
        case "nc":  # last, because its dialects differ; busybox's, the usual one, ends when the server does
            return ("nc", target, str(port))
    raise ValueError(f"{kind!r} is not a relay")


# One process, nothing blocks: `$up` goes to the server, `$down` to stdout. Modules of perl-base only.
_PERL = r"""
use Socket; use Fcntl; use Errno;
my ($host, $port) = @ARGV;
socket(S, $port ? PF_INET : PF_UNIX, SOCK_STREAM, 0) or die "$!\n";
connect(S, $port ? sockaddr_in($port, inet_aton($host)) : sockaddr_un($host)) or die "$host: $!\n";
for (\*S, \*STDOUT) { fcntl($_, F_SETFL, fcntl($_, F_GETFL, 0) | O_NONBLOCK) }
$SIG{PIPE} = "IGNORE";
my ($up, $down, $left, $over, $s, $most) = ("", "", 0, 0, fileno(S), 1 << 18);
sub pull { my $n = sysread($_[0], $_[1], 65536, length $_[1]); !(defined $n ? $n : $!{EAGAIN} || $!{EINTR}) }
sub push_ { my $n = syswrite($_[0], $_[1], 65536); defined $n ? substr($_[1], 0, $n, "") : $!{EAGAIN} || $!{EINTR} || exit }
until (($left && !length $up) || ($over && !length $down)) {
  my ($r, $w) = ("", "");
  vec($r, 0, 1) = 1 if !$left && length $up < $most;
  vec($r, $s, 1) = 1 if !$over && length $down < $most;
  vec($w, $s, 1) = 1 if length $up;
  vec($w, 1, 1) = 1 if length $down;
  next if select($r, $w, undef, undef) < 0;
  $left = pull(*STDIN, $up) if vec($r, 0, 1);
  $over = pull(*S, $down) if vec($r, $s, 1);
  push_(*S, $up) if vec($w, $s, 1);
  push_(*STDOUT, $down) if vec($w, 1, 1);
}
"""

_PYTHON = """
import os, socket, sys, threading
to = sys.argv[1:]
s = socket.create_connection((to[0], int(to[1])), 20) if len(to) > 1 else socket.socket(socket.AF_UNIX)
s.settimeout(None)
len(to) > 1 or s.connect(to[0])
def up():
    try:
        while b := os.read(0, 65536): s.sendall(b)
    finally: os._exit(0)
threading.Thread(target=up, daemon=True).start()
try:
    while b := s.recv(65536):
        while b: b = b[os.write(1, b):]
finally: os._exit(0)
"""

# Both copiers are this shell's children and are waited for. (`wait -n` would be shorter, but misses a child that has ended
# just before.) What a background job reads is /dev/null unless it is told.
_BASH = """\
exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit 1
cat <&3 & down=$!
cat <&4 >&3 & up=$!
exec 2>/dev/null
while kill -0 $down && kill -0 $up; do sleep 0.2; done
kill $down $up
wait
"""
