/*
 * The words in which our seccomp programs are written, and which machine they are for. Not the
 * programs: those are where they are needed, ui/browser/filter.c (the jail), say, or
 * capture/recorder_drop.c (the packet recorder).
 */
#ifndef STORE_BASE_BPF_H
#define STORE_BASE_BPF_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

/* Both are little-endian: of an argument's two words the lower one comes first. */
#if defined(__x86_64__)
#define BPF_OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define BPF_OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH here"
#endif
/* The x32 calls of an x86_64 kernel: the same calls by other numbers. */
#define BPF_X32_CALLS 0x40000000u

#define BPF_LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define BPF_LOAD_LOW(arg) BPF_LOAD(args[arg])
#define BPF_LOAD_HIGH(arg)                                                                     \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[arg]) + 4)
#define BPF_RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define BPF_IF_EQUAL(v, then, otherwise)                                                       \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (v), (then), (otherwise))
#define BPF_IF_AT_LEAST(v, then, otherwise)                                                    \
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (v), (then), (otherwise))
#define BPF_IF_ANY_BIT(v, then, otherwise)                                                     \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (v), (then), (otherwise))

#endif
