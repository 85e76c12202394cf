"""A network of the bench's own whose packets are as large as those of a real one.

On the loopback device one packet carries up to 64 KB. What costs by the packet would look many times cheaper than it is where
packets come over an Ethernet, 1,448 bytes of a stream in each.
"""
import ctypes
import fcntl
import os
import socket
import struct

MTU = 1500
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, SIOCSIFMTU, SIOCETHTOOL = 0x8914, 0x8922, 0x8946
IFF_UP, IFF_LOOPBACK = 1, 8
# linux/ethtool.h: ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO. Segments that the device would cut are not cut on loopback.
OFFLOADS = (0x1F, 0x24, 0x2C)


def ask(sock, what, data):
    fcntl.ioctl(sock, what, struct.pack("16s", b"lo") + data.ljust(24, b"\0"))


def unshared():
    """Into a network namespace of this process's own, in a user namespace where that is needed."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNET | (CLONE_NEWUSER if user != 0 else 0)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace")
    if user == 0:
        return
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(text)


def own_wire():
    """From here on, this process and its children have a loopback device of their own, with an Ethernet's packets."""
    unshared()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        ask(sock, SIOCSIFMTU, struct.pack("i", MTU))
        for command in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            ask(sock, SIOCETHTOOL, struct.pack("P", ctypes.addressof(value)))
        ask(sock, SIOCSIFFLAGS, struct.pack("h", IFF_UP | IFF_LOOPBACK))
