/* The few Linux system calls (x86-64) that the virtual board makes, without a C library: a
 * native module cannot link one. A negative result is -errno.
 */
#ifndef LATENTRACK_LINUX_H
#define LATENTRACK_LINUX_H

#include <stddef.h>
#include <stdint.h>

enum { LINUX_EINTR = 4, LINUX_SIGINT = 2, LINUX_SIGALRM = 14 };
enum { LINUX_SA_SIGINFO = 4, LINUX_SA_RESTORER = 0x04000000 };
enum { LINUX_FUTEX = 202, LINUX_FUTEX_FLAGS = 0x180, LINUX_FUTEX_WAIT_BITSET = 9 };

static inline long linux_call(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

struct linux_time {
    int64_t seconds;
    int64_t nanoseconds;
};

struct linux_poll {
    int fd;
    short events;
    short revents;
};

struct linux_signal_action {
    void (*handler)(int signal, void *information, void *context);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
};

/* What a signal handler's third argument says of the code that was interrupted: its registers, in
   the kernel's order (struct sigcontext). */
struct linux_registers {
    int64_t r8, r9, r10, r11, r12, r13, r14, r15;
    int64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
};

/* They lie behind flags, a link and a stack (struct ucontext). */
static inline struct linux_registers *linux_registers_of(void *context)
{
    return (struct linux_registers *)((char *)context + 40);
}

static inline long linux_read(int fd, void *data, size_t size)
{
    return linux_call(0, fd, (long)data, (long)size, 0, 0);
}

static inline long linux_write(int fd, const void *data, size_t size)
{
    return linux_call(1, fd, (long)data, (long)size, 0, 0);
}

/* Microseconds of the monotonic clock, the same that Python's time.monotonic_ns() reads. */
static inline uint64_t linux_now_us(void)
{
    struct linux_time now;
    linux_call(228, 1, (long)&now, 0, 0, 0);
    return (uint64_t)now.seconds * 1000000 + (uint64_t)now.nanoseconds / 1000;
}

/* Waits until `fd` can be read, at most `wait_us` (negative: for ever). */
static inline long linux_wait_readable(int fd, int64_t wait_us)
{
    struct linux_poll poll = {fd, 1, 0};
    struct linux_time time = {wait_us / 1000000, wait_us % 1000000 * 1000};
    return linux_call(271, (long)&poll, 1, wait_us < 0 ? 0 : (long)&time, 0, 8);
}

/* Sleeps to a point of the monotonic clock: signals would cut a relative sleep short. */
static inline void linux_sleep_until(uint64_t time_us)
{
    struct linux_time time = {(int64_t)(time_us / 1000000), (int64_t)(time_us % 1000000 * 1000)};
    while (linux_call(230, 1, 1, (long)&time, 0, 0) == -LINUX_EINTR) {
    }
}

static inline void linux_yield(void)
{
    linux_call(24, 0, 0, 0, 0, 0);
}

/* Ends the process, with all of its threads. */
static inline void linux_exit(int code)
{
    linux_call(231, code, 0, 0, 0, 0);
}

static inline int linux_process(void)
{
    return (int)linux_call(39, 0, 0, 0, 0, 0);
}

static inline int linux_thread(void)
{
    return (int)linux_call(186, 0, 0, 0, 0, 0);
}

static inline void linux_signal_thread(int process, int thread, int signal)
{
    linux_call(234, process, thread, signal, 0, 0);
}

/* The thread that calls this leaves the signal to the other threads. */
static inline void linux_block(int signal)
{
    uint64_t set = 1ull << (signal - 1);
    linux_call(14, 0, (long)&set, 0, sizeof set, 0);
}

/* And takes it again. */
static inline void linux_unblock(int signal)
{
    uint64_t set = 1ull << (signal - 1);
    linux_call(14, 1, (long)&set, 0, sizeof set, 0);
}

#endif
