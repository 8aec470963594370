"""The shell functions of our scripts about detachable volumes: for a plain sh(1), with `set -e` on. PURE."""

from __future__ import annotations

from outlive.commands.placing import ROOM

BUSY, REFUSED, MISSING = 75, 65, 66  # an earlier attempt is still at work there; not as it must be; not mounted
LOCK = f"""\
set -eu
mkdir -p -- {ROOM}
exec 9>{ROOM}/volume.lock
flock -n 9 || exit {BUSY}
no() {{ echo "$1" >&2; exit {REFUSED}; }}
"""
RELOAD = "reload() { if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi; }\n"
# Whole or not at all; each line of ours stands below a comment that says whose it is.
FSTAB = """\
fstab_without() {
  touch /etc/fstab
  cp -p -- /etc/fstab /etc/fstab.outlive-new
  grep -vxF -e "$1" -e "$2" -- /etc/fstab > /etc/fstab.outlive-new || [ $? -eq 1 ]
}
fstab_put() { sync; mv -T -- /etc/fstab.outlive-new /etc/fstab; sync; }
fstab_add() { # comment, line, the place it mounts at
  fstab_without "$1" "$2"
  ! grep -v '^ *#' /etc/fstab.outlive-new | grep -qE "^[^[:space:]]+[[:space:]]+$3([[:space:]]|\\$)" ||
    no "/etc/fstab mounts something else at $3"
  printf '%s\\n%s\\n' "$1" "$2" >> /etc/fstab.outlive-new
  fstab_put
}
fstab_drop() { fstab_without "$1" "$2"; fstab_put; }
"""
TELL = """\
place=$1 data=$2 before=$3 point=$4 comment=$5 line=$6 dropin=$7 unit=$8 receipt=$9
partial=$point/.data.outlive-partial
"""
COPY = """\
copy() { # from, to; whole, or it fails: a file that changes meanwhile is a failure too
  tar --version | grep -q 'GNU tar' || no "tar is not GNU tar: it would lose owners or holes"
  rm -rf -- "$2" "$2.failed"
  need=$(du -s --block-size=1 -- "$1" | cut -f1)
  room=$(df --block-size=1 --output=avail -- "$(dirname -- "$2")" | tail -n 1)
  [ "$need" -lt "$room" ] || no "$1 takes $need bytes, and there is room for $room"
  mkdir -- "$2"
  set -- "$1" "$2" --numeric-owner --acls --xattrs --xattrs-include=*
  from=$1 to=$2
  shift 2
  { env LC_ALL=C tar --create --file=- --format=posix --sparse "$@" --directory="$from" . || echo > "$to.failed"; } |
    env LC_ALL=C tar --extract --file=- --same-owner --same-permissions "$@" --directory="$to"
  [ ! -e "$to.failed" ] || { rm -rf -- "$to" "$to.failed"; no "$from could not be read whole"; }
  sync
}
"""
COMPARE = f"""\
tell() {{ # of a tree, into a file: names, kinds, sizes, modes, owners, times, links, extended attributes, sums
  cd -- "$1"
  find . ! -type s ! -type d -printf '%p %y %s %m %U %G %T@ %n %l\\n' > "$2.names"
  find . -type d -printf '%p %y %m %U %G\\n' >> "$2.names"
  if command -v getfattr > /dev/null; then getfattr -hRd -m - -e hex -- . 2> /dev/null | grep . >> "$2.names" || :; fi
  find . -type f -print0 > "$2.files"
  sort -z -o "$2.files" -- "$2.files"
  xargs -0 -r sha256sum -- < "$2.files" > "$2.sums"
  LC_ALL=C sort -- "$2.names" > "$2"
  cat -- "$2.sums" >> "$2"
  rm -f -- "$2.names" "$2.files" "$2.sums"
  cd /
}}
compare() {{ # never within a condition: a shell ignores there what fails in a function
  tell "$1" {ROOM}/compare-1
  tell "$2" {ROOM}/compare-2
}}
same() {{ cmp -s {ROOM}/compare-1 {ROOM}/compare-2; }}
differences() {{ diff {ROOM}/compare-1 {ROOM}/compare-2 | grep '^[<>]' | cut -c1-120 | head -n 3 | tr '\\n' ';'; }}
"""
IDLE = """\
idle() { # nobody that runs has the place, or what is above or below it
  # A Docker that is held back runs nothing, and whoever asks it waits for ever: its socket is systemd's.
  grep -qsxE 'dockerd|containerd-shim.*' /proc/[0-9]*/comm || return 0
  for one in $(docker ps --quiet); do
    docker inspect --format '{{$name := .Name}}{{range .Mounts}}{{$name}} {{.Source}}{{println}}{{end}}' "$one"
  done > "$receipt.running"
  while read -r name source; do
    [ -n "$source" ] || continue # of no place on the machine
    case "$source/" in "$place"/*) no "the container ${name#/} runs on $place" ;; esac
    case "$place/" in "$source"/*) [ "$source" = / ] || no "the container ${name#/} runs on $source" ;; esac
  done < "$receipt.running"
  rm -f -- "$receipt.running"
}
"""
SHOW = """\
hold() { # from here on Docker does not start without the volume: before the place is ever empty
  mkdir -p -- "$(dirname -- "$dropin")"
  printf '%s' "$unit" > "$dropin.new"
  mv -T -- "$dropin.new" "$dropin"
  fstab_add "$comment" "$line" "$place"
}
show() { # the volume at the place, and nothing else ever
  mkdir -p -m 0 -- "$place"
  chattr +i -- "$place"
  sync
  reload
  mount -- "$place"
  [ "$(stat -c %d:%i -- "$place")" = "$(stat -c %d:%i -- "$data")" ] || no "$place does not show $data"
  : > "$receipt"
  sync
}
release() {
  rm -f -- "$dropin"
  rmdir -- "$(dirname -- "$dropin")" 2> /dev/null || : # where there are other people's it stays
  fstab_drop "$comment" "$line"
  reload
  if mountpoint -q -- "$place"; then umount -- "$place"; fi
}
"""
TOOLS = LOCK + TELL + COPY + COMPARE + IDLE + RELOAD + FSTAB + SHOW  # for scripts that are told a `Switch`
