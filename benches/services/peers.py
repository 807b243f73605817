"""Supervisors of development servers compared: vx, and those from PyPI and npm that are installed beside this Python.

    python3 -m venv peers && peers/bin/pip install honcho supervisor circus && npm install --prefix peers concurrently pm2
    peers/bin/python benches/services/peers.py target/release/vx

Each runs the same five services, nine processes in all: a plain one, one with a child in its own session, one that
forks twice, one that ignores SIGTERM, and a server behind `sh -c`. Peers that are not installed are named and left out.
Everything started here carries a mark in its environment, and is killed at the end.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

MARK = "SERVICE_OF_THE_BENCH"
BIN = Path(sys.executable).parent
NODE_BIN = BIN.parent / "node_modules" / ".bin"
ROUNDS = int(os.environ.get("ROUNDS", "50"))
WATCHED_S = 15.0
IDLE_S = 20.0
FLOOD_LINES = 400_000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def services(port: int) -> dict[str, str]:
    """The five services; each process that is started has the mark."""
    scripts = {
        "plain": "exec sleep 71001",
        "session": "setsid sleep 71002 & exec sleep 71003",
        "forks": "(sleep 71004 &) ; exec sleep 71005",
        "ignores": "trap '' TERM; while :; do sleep 71006; done",
        "server": f"{sys.executable} -u -m http.server {port} --bind 127.0.0.1; true",
    }
    return {name: f'env {MARK}={name} sh -c "{script}"' for name, script in scripts.items()}


def marked() -> dict[int, str]:
    """The processes with the mark, and their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}=".encode() in (entry / "environ").read_bytes():
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found[int(entry.name)] = b" ".join(words).decode().strip()
        except OSError:
            continue
    return {pid: words for pid, words in found.items() if words}


def servers(port: int) -> list[int]:
    return [pid for pid, words in marked().items() if "http.server" in words and str(port) in words and "sh -c" not in words]


def serves(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def await_(what, seconds: float) -> float | None:
    """The time until this is true; none if it doesn't become true in time."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if what():
            return time.monotonic() - begun
        time.sleep(0.01)
    return None


def kill_marked() -> None:
    while found := marked():
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)


class Peer:
    """One supervisor in its own directory."""

    name = ""
    restarts = True

    def __init__(self, directory: Path, commands: dict[str, str]):
        self.directory, self.commands, self.process = directory, commands, None
        self.configure()

    def configure(self) -> None: ...

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def run(self, *words: str, seconds: float = 60) -> int:
        try:
            done = subprocess.run(
                words, cwd=self.directory, env=self.environment(), timeout=seconds,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            return done.returncode
        except subprocess.TimeoutExpired:
            return 124

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.words(), cwd=self.directory, env=self.environment(), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=open(self.directory / "out.log", "ab"), stderr=subprocess.STDOUT,
        )

    def words(self) -> list[str]:
        raise NotImplementedError

    def supervisors(self) -> list[int]:
        return [self.process.pid] if self.process else []

    def kill(self) -> None:
        """SIGKILL of the supervisor."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def restart(self, service: str) -> bool:
        raise NotImplementedError

    def logs(self) -> list[Path]:
        return [self.directory / "out.log"]


class Vx(Peer):
    name = "vx"
    program = ""

    def configure(self) -> None:
        lines = "".join(f"[services.{name}]\ncommand = {json.dumps(words)}\n" for name, words in self.commands.items())
        (self.directory / "vx.toml").write_text(lines)
        for part in ("home", "run"):
            (self.directory / part).mkdir(mode=0o700)

    def environment(self) -> dict[str, str]:
        home, run = str(self.directory / "home"), str(self.directory / "run")
        return dict(os.environ, VX_HOME=home, VX_RUNTIME_DIR=run, VX_TRUST="all")

    def start(self) -> None:
        self.run(self.program, "up", "--detach")

    def supervisors(self) -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes()
                if b"service-supervisor" in words and str(self.directory).encode() in words:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def kill(self) -> None:
        for pid in self.supervisors():
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.run(self.program, "down")

    def restart(self, service: str) -> bool:
        return self.run(self.program, "restart", service) == 0

    def logs(self) -> list[Path]:
        return sorted(self.directory.glob("**/flood.log*"), reverse=True)


class Honcho(Peer):
    name = "honcho"
    restarts = False

    def configure(self) -> None:
        (self.directory / "Procfile").write_text("".join(f"{name}: {words}\n" for name, words in self.commands.items()))

    def words(self) -> list[str]:
        return [str(BIN / "honcho"), "start"]


class Supervisor(Peer):
    name = "supervisor"

    def configure(self) -> None:
        socket_file = self.directory / "s.sock"
        text = (
            f"[supervisord]\nnodaemon=true\nlogfile={self.directory}/main.log\npidfile={self.directory}/pid\n"
            f"[unix_http_server]\nfile={socket_file}\n[supervisorctl]\nserverurl=unix://{socket_file}\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        )
        for name, words in self.commands.items():
            text += f"[program:{name}]\ncommand={words}\nstdout_logfile={self.directory}/{name}.log\nredirect_stderr=true\n"
        (self.directory / "s.conf").write_text(text)

    def words(self) -> list[str]:
        return [str(BIN / "supervisord"), "-c", str(self.directory / "s.conf")]

    def restart(self, service: str) -> bool:
        return self.run(str(BIN / "supervisorctl"), "-c", str(self.directory / "s.conf"), "restart", service) == 0

    def logs(self) -> list[Path]:
        return sorted(self.directory.glob("flood.log*"), reverse=True)


class Circus(Peer):
    name = "circus"

    def configure(self) -> None:
        self.ports = [free_port() for _ in range(2)]
        text = "[circus]\n" + "".join(
            f"{name} = tcp://127.0.0.1:{port}\n" for name, port in zip(("endpoint", "pubsub_endpoint"), self.ports)
        )
        for name, words in self.commands.items():
            text += f"[watcher:{name}]\ncmd = {words}\nstdout_stream.class = FileStream\n"
            text += f"stdout_stream.filename = {self.directory}/{name}.log\ncopy_env = True\n"
        (self.directory / "c.ini").write_text(text)

    def words(self) -> list[str]:
        return [str(BIN / "circusd"), str(self.directory / "c.ini")]

    def restart(self, service: str) -> bool:
        words = ("--endpoint", f"tcp://127.0.0.1:{self.ports[0]}", "restart", "--waiting", service)
        return self.run(str(BIN / "circusctl"), *words) == 0

    def logs(self) -> list[Path]:
        return sorted(self.directory.glob("flood.log*"), reverse=True)


class Concurrently(Peer):
    name = "concurrently"
    restarts = False

    def words(self) -> list[str]:
        return [str(NODE_BIN / self.name), "--names", ",".join(self.commands), *self.commands.values()]


class Pm2(Peer):
    """pm2, whose supervisor is a daemon that its first command starts."""

    name = "pm2"

    def configure(self) -> None:
        apps = [
            {"name": name, "script": "/bin/sh", "args": ["-c", f"exec {words}"], "interpreter": "none"}
            for name, words in self.commands.items()
        ]
        (self.directory / "apps.json").write_text(json.dumps({"apps": apps}))

    def environment(self) -> dict[str, str]:
        return dict(os.environ, PM2_HOME=str(self.directory / "home"))

    def words(self) -> list[str]:
        return [str(NODE_BIN / self.name), "start", str(self.directory / "apps.json")]

    def start(self) -> None:
        self.run(*self.words())

    def supervisors(self) -> list[int]:
        try:
            pid = int((self.directory / "home" / "pm2.pid").read_text())
            os.kill(pid, 0)
            return [pid]
        except (OSError, ValueError):
            return []

    def kill(self) -> None:
        for pid in self.supervisors():
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.run(str(NODE_BIN / self.name), "kill")

    def restart(self, service: str) -> bool:
        return self.run(str(NODE_BIN / self.name), "restart", service) == 0

    def logs(self) -> list[Path]:
        return sorted(self.directory.glob("home/logs/flood-out*.log"))


def fresh(kind: type[Peer], commands: dict[str, str]) -> Peer:
    return kind(Path(tempfile.mkdtemp(prefix="supervised")), commands)


def all_of_it(peer: Peer) -> list[int]:
    """The supervisor's own processes: all below it that aren't part of a service."""
    found, services_of_it = list(peer.supervisors()), marked()
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if int(child) not in services_of_it]
    return found


def gone(peer: Peer) -> None:
    """Kill everything that the peer started, and remove its directory."""
    if isinstance(peer, (Vx, Pm2)):
        peer.stop()
    elif peer.process and peer.process.poll() is None:
        peer.kill()
    # If several daemons run for one directory, only one answers a request to end.
    subprocess.run(["pkill", "-KILL", "-f", f"God Daemon \\({peer.directory}/"], check=False)
    kill_marked()
    shutil.rmtree(peer.directory, ignore_errors=True)


def killed(kind: type[Peer]) -> str:
    port = free_port()
    peer = fresh(kind, services(port))
    peer.start()
    await_(lambda: serves(port) and len(marked()) >= 9, 30)
    peer.kill()
    time.sleep(WATCHED_S)
    left = len(marked())
    peer.start()
    await_(lambda: serves(port), 5)
    time.sleep(2)
    now = [words for words in marked().values() if not words.startswith("sh -c")]
    copies = sum(now.count(words) - 1 for words in set(now) if now.count(words) > 1)
    gone(peer)
    return f"{left} alive; then {copies} second copies"


def stopped(kind: type[Peer]) -> str:
    port = free_port()
    peer = fresh(kind, services(port))
    peer.start()
    await_(lambda: serves(port) and len(marked()) >= 9, 30)
    begun = time.monotonic()
    peer.stop()
    took, left, held = time.monotonic() - begun, len(marked()), bool(servers(port))
    gone(peer)
    return f"{left} left, {took:.1f} s{', its port still held' if held else ''}"


def restarted(kind: type[Peer]) -> str:
    if not kind.restarts:
        return "no command"
    port = free_port()
    peer = fresh(kind, {"server": services(port)["server"]})
    peer.start()
    await_(lambda: serves(port), 30)
    good, begun = 0, time.monotonic()
    for _ in range(ROUNDS):
        before = servers(port)
        asked = peer.restart("server")
        good += bool(asked and await_(lambda: serves(port), 2) is not None and servers(port) != before and len(servers(port)) == 1)
    each = (time.monotonic() - begun) / ROUNDS
    gone(peer)
    return f"{good} of {ROUNDS} good, {each:.2f} s each"


def at_once(kind: type[Peer]) -> str:
    port = free_port()
    peer = fresh(kind, {"server": services(port)["server"]})
    words = [peer.program, "up", "server"] if isinstance(peer, Vx) else peer.words()
    calls = [
        subprocess.Popen(
            words, cwd=peer.directory, env=peer.environment(), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(5)
    ]
    time.sleep(4)
    started = len(marked())
    running = sum(call.poll() is None for call in calls)
    for call in calls:
        if call.poll() is None:
            call.kill()
        call.wait()
    gone(peer)
    return f"{started} processes where one server has 2" + (f", {running} supervisors" if running else "")


def idle(kind: type[Peer]) -> str:
    peer = fresh(kind, {f"s{at}": f"env {MARK}={at} sleep 71007" for at in range(50)})
    peer.start()
    await_(lambda: len(marked()) >= 50, 60)
    time.sleep(5)
    own = all_of_it(peer)

    def spent() -> float:
        tasks = [task for pid in own for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    before = spent()
    time.sleep(IDLE_S)
    used = spent() - before
    lines = [line for pid in own for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    kib = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    gone(peer)
    return f"{used:.3f} s, {kib / 1024:.0f} MB"


def flooded(kind: type[Peer]) -> str:
    code = (
        "import sys,time\\nw=sys.stdout.write\\n"
        f"for s in range({FLOOD_LINES // 10_000}):\\n w(''.join('line %09d of the flood\\\\n' % n for n in range(s*10000,s*10000+10000)))\\n"
        " time.sleep(0.05)\\ntime.sleep(1000)"
    )
    directory = Path(tempfile.mkdtemp(prefix="flood"))
    (directory / "flood.py").write_text(code.replace("\\n", "\n").replace("\\\n", "\\n"))
    peer = fresh(kind, {"flood": f"env {MARK}=flood {sys.executable} -u {directory}/flood.py"})
    begun = time.monotonic()
    peer.start()
    last = f"line {FLOOD_LINES - 1:09}".encode()
    await_(lambda: any(last in log.read_bytes()[-4096:] for log in peer.logs() if log.exists()), 60)
    took = time.monotonic() - begun
    time.sleep(0.5)
    numbers = []
    # The files, oldest first: a line may begin in one and end in the next.
    for line in b"".join(log.read_bytes() for log in peer.logs() if log.exists()).splitlines():
        words = line.split(b"line ", 1)
        if len(words) == 2 and words[1][:9].isdigit() and words[1].endswith(b"flood"):
            numbers.append(int(words[1][:9]))
    numbers.sort()
    gaps = sum(b - a - 1 for a, b in zip(numbers, numbers[1:])) if numbers else FLOOD_LINES
    away = numbers[0] if numbers else 0
    gone(peer)
    shutil.rmtree(directory, ignore_errors=True)
    return f"{len(numbers):,} kept, {away:,} rotated away, {gaps} missing between, {took:.1f} s"


TABLE = [
    ("supervisor killed: alive after 15 s, then a new start", killed),
    ("ordinary stop", stopped),
    (f"{ROUNDS} restarts of the server", restarted),
    ("5 starts at once", at_once),
    (f"50 idle services for {IDLE_S:.0f} s: processor, memory", idle),
    (f"{FLOOD_LINES:,} numbered lines at 200,000 a second", flooded),
]


def main() -> None:
    Vx.program = str(Path(sys.argv[1]).resolve())
    kinds = [Vx, Honcho, Supervisor, Circus, Concurrently, Pm2]
    wanted = sys.argv[2:]  # The names of the supervisors to measure; all by default.
    for title, measure in TABLE:
        print(f"{title}", flush=True)
        for kind in kinds:
            if wanted and kind.name not in wanted:
                continue
            program = {"supervisor": "supervisord", "circus": "circusd"}.get(kind.name, kind.name)
            if kind is not Vx and not any((folder / program).exists() for folder in (BIN, NODE_BIN)):
                print(f"  {kind.name:<12} skipped: not installed beside this Python", flush=True)
                continue
            print(f"  {kind.name:<12} {measure(kind)}", flush=True)


if __name__ == "__main__":
    main()
