/**
 * The job's companion: a POSIX shell script, so that it costs nothing, needs no Node and outlives the agent. It is the
 * leader of its own session. Arguments: attempt folder, file to join a cgroup by (or `-`), PATH of the job, then the
 * command. What it leaves behind, in the folder:
 *
 *   gate/         made by exactly one wrapper: at most one start per attempt, whatever the agent believed
 *   wrapper.pid   its own pid
 *   child.pid     pid of the main process
 *   up.start, up.end  the machine's uptime then, where the system tells: how long it ran, whatever the wall clock did
 *   exit          exit status of the main process; the file's time is when it ended
 *   cgroup-failed the limit could not be applied, so the job was not started
 *
 * The command runs in the foreground: a shell does not run its traps while it waits for a foreground child, so a
 * signal to the whole group ends the job and never the record of it. A trap, unlike an ignored signal, is not inherited.
 */
export const WRAPPER_SCRIPT = `#!/bin/sh
dir=$1; procs=$2; jobpath=$3; shift 3
mkdir "$dir/gate" 2>/dev/null || exit 75
trap : TERM INT HUP QUIT USR1 USR2 ALRM
echo "$$" > "$dir/wrapper.pid"
exec 3>&2 2>>"$dir/wrapper.err"
/bin/sh -c '
if [ "$2" != - ]; then
  echo "$$" > "$2" || { : > "$1/cgroup-failed"; exit 71; }
fi
echo "$$" > "$1/child.pid"
{ read -r up rest < /proc/uptime && echo "$up" > "$1/up.start"; } 2>/dev/null
PATH=$3; export PATH
shift 3
exec 2>&3 3>&-
exec "$@"
' drover "$dir" "$procs" "$jobpath" "$@"
status=$?
{ read -r up rest < /proc/uptime && echo "$up" > "$dir/up.end"; } 2>/dev/null
echo "$status" > "$dir/exit.tmp"
sync "$dir/exit.tmp" 2>/dev/null || sync
mv "$dir/exit.tmp" "$dir/exit"
exit 0
`;

/** Names of the files above, below an attempt's folder. */
export const WRAPPER_FILES = { script: "wrapper.sh", gate: "gate", pid: "wrapper.pid", child: "child.pid", upStart: "up.start", upEnd: "up.end", exit: "exit", exitBefore: "exit.tmp", cgroupFailed: "cgroup-failed", errors: "wrapper.err" } as const;
