"""How near estimated round trips come to the true ones.

Three servers and six client agents, each in a network namespace of its own; a packet switch in this process carries
what they send, each packet as late as the distance between its two machines. Prints the relative error of the
estimates of all pairs after 20 s to 120 s, and what `near=_agent` gives. Needs root, Linux with network namespaces and
TUN, `ip`, `curl` and etcd; nothing outside of the namespaces is touched.

    python3 bench/coordinates.py [SECONDS]
"""
import ctypes
import fcntl
import heapq
import json
import math
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NODE, MAIN = f"{ROOT}/node_modules/.bin/node", f"{ROOT}/src/cli/main.ts"
# Where machines are on a plane, and their way to it: milliseconds of round trip.
SITES = {
    "s1": (0, 0, 0.5), "s2": (30, 0, 0.5), "s3": (15, 25, 0.5),
    "c1": (0.5, 0, 0.5), "c2": (30, 1, 0.5), "c3": (15, 24, 1),
    "c4": (10, 8, 2), "c5": (1, 1, 0.5), "c6": (29, 0, 4),
}
NAMES = list(SITES)
ADDRESS = {name: f"10.22.0.{i + 1}" for i, name in enumerate(NAMES)}
START_SECONDS = 60
LOOKS = (20, 30, 40, 60, 90, 120)
TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001


def true_ms(a, b):
    (x, y, tail), (u, v, other) = SITES[a], SITES[b]
    return math.hypot(x - u, y - v) + tail + other


def estimated_ms(a, b):
    raw = math.dist(a["Vec"], b["Vec"]) + a["Height"] + b["Height"]
    adjusted = raw + a["Adjustment"] + b["Adjustment"]
    return 1000 * (adjusted if adjusted > 0 else raw)


def space(name):
    return f"rollcall-{name}"


def open_networks():
    """A namespace for each machine with one TUN device; gives their file descriptors."""
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    devices = {}
    for name in NAMES:
        subprocess.run(["ip", "netns", "add", space(name)], check=True)
        there = os.open(f"/run/netns/{space(name)}", os.O_RDONLY)
        if libc.setns(there, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        devices[name] = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(devices[name], TUNSETIFF, struct.pack("16sH", b"tun0", IFF_TUN_NO_PI))
        libc.setns(own, 0)
        os.close(there)
        ip = ["ip", "-n", space(name)]
        for command in (["link", "set", "lo", "up"], ["addr", "add", ADDRESS[name] + "/24", "dev", "tun0"],
                        ["link", "set", "tun0", "up"]):
            subprocess.run(ip + command, check=True)
    return devices


def carry(devices):
    """Carry packets for ever, each half a round trip late."""
    by_address = {socket.inet_aton(address): name for name, address in ADDRESS.items()}
    by_device = {device: name for name, device in devices.items()}
    poll = select.poll()
    for device in by_device:
        poll.register(device, select.POLLIN)
    waiting, count = [], 0
    while True:
        pause_ms = max(0.0, (waiting[0][0] - time.monotonic()) * 1000) if waiting else 1000
        for device, _ in poll.poll(math.floor(pause_ms)):
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                continue
            target = by_address.get(packet[16:20]) if packet[0] >> 4 == 4 else None
            if target is None:
                continue
            due = time.monotonic() + true_ms(by_device[device], target) / 2000
            heapq.heappush(waiting, (due, count, target, packet))
            count += 1
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, target, packet = heapq.heappop(waiting)
            try:
                os.write(devices[target], packet)
            except OSError:
                pass  # its queue is full: a packet that is lost


def start(name, folder, arguments):
    command = ["ip", "netns", "exec", space(name), NODE, MAIN, "agent", "-node", name, "-bind", ADDRESS[name],
               "-client", ADDRESS[name], "-data-dir", f"{folder}/{name}", *arguments]
    with open(f"{folder}/{name}.log", "w") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def get(name, path):
    url = f"http://{ADDRESS[name]}:8500{path}"
    command = ["ip", "netns", "exec", space(name), "curl", "-sm", "5", url]
    answer = subprocess.run(command, capture_output=True, text=True).stdout
    try:
        return json.loads(answer)
    except json.JSONDecodeError:
        return []  # not there yet, or without a leader


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else math.nan


def look(seconds):
    placed = {row["Node"]: row["Coord"] for row in get("s2", "/v1/coordinate/nodes?stale")}
    known = [name for name in NAMES if name in placed]
    errors = {(a, b): abs(estimated_ms(placed[a], placed[b]) - true_ms(a, b)) / true_ms(a, b)
              for i, a in enumerate(known) for b in known[i + 1:]}
    of = {kind: [error for (a, b), error in errors.items() if sorted(a[0] + b[0]) == sorted(kind)]
          for kind in ("ss", "sc", "cc")}
    print(f"{seconds:4} s  {len(placed)} nodes  median error {median(errors.values()):6.1%}  "
          f"server-server {median(of['ss']):6.1%}  client-server {median(of['sc']):6.1%}  "
          f"client-client {median(of['cc']):6.1%}  worst {max(errors.values(), default=math.nan):6.1%}", flush=True)


def main():
    until = int(sys.argv[1]) if len(sys.argv) > 1 else LOOKS[-1]
    folder = tempfile.mkdtemp(prefix="rollcall-coordinates-")
    agents = []
    try:
        threading.Thread(target=carry, args=(open_networks(),), daemon=True).start()
        secret = subprocess.run([NODE, MAIN, "keygen"], capture_output=True, text=True, check=True).stdout.strip()
        join = [word for name in NAMES[:3] for word in ("-retry-join", ADDRESS[name])] + ["-encrypt", secret]
        agents += [start(name, folder, ["-server", "-bootstrap-expect", "3", *join]) for name in NAMES[:3]]
        deadline = time.monotonic() + START_SECONDS
        while not get("s2", "/v1/status/leader"):
            if time.monotonic() > deadline:
                sys.exit("the servers have found no leader")
            time.sleep(1)
        agents += [start(name, folder, join) for name in NAMES[3:]]
        begun = time.monotonic()
        for seconds in LOOKS:
            if seconds <= until:
                time.sleep(max(0.0, begun + seconds - time.monotonic()))
                look(seconds)
        for name in ("c4", "c5"):
            nearest = [row["Node"] for row in get(name, "/v1/catalog/nodes?near=_agent")]
            print(f"near {name}: {' '.join(nearest)}")
            print(f"    true: {' '.join(sorted(NAMES, key=lambda other: (other != name, true_ms(name, other))))}")
    finally:
        for agent in agents:
            agent.terminate()
        for agent in agents:
            try:
                agent.wait(10)
            except subprocess.TimeoutExpired:
                agent.kill()
        for name in NAMES:
            subprocess.run(["ip", "netns", "del", space(name)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


main()
