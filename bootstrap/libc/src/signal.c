/* signal.c: handlers and masks. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>
#include "internal.h"

/* The kernel's struct sigaction: other order, and the place to return to. */
struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};
#define SA_RESTORER 0x04000000UL

#ifdef __SNOWGUARD_CC__
/* Handlers are called by the kernel with its own convention, which is not cc's: programs built by cc
   can ignore signals or take the default, nothing else. */
static void (*const __signal_return)(void) = NULL;
#define CAN_HANDLE 0
#else
void __signal_return(void);   /* amd64/kernel.S */
#define CAN_HANDLE 1
#endif

int sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
    struct kernel_action now, old;

    if (action != NULL) {
        if (!CAN_HANDLE && action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN) {
            errno = ENOSYS;
            return -1;
        }
        now.handler = action->sa_handler;
        now.flags = (unsigned int)action->sa_flags | SA_RESTORER;
        now.restorer = __signal_return;
        now.mask = action->sa_mask;
    }
    if (CALL4(SYS_rt_sigaction, number, action != NULL ? &now : NULL,
              before != NULL ? &old : NULL, sizeof now.mask) < 0)
        return -1;
    if (before != NULL) {
        before->sa_handler = old.handler;
        before->sa_flags = (int)(old.flags & ~SA_RESTORER);
        before->sa_mask = old.mask;
    }
    return 0;
}

void (*signal(int number, void (*handler)(int)))(int)
{
    struct sigaction action, before;
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    action.sa_mask = 0;
    if (sigaction(number, &action, &before) < 0)
        return SIG_ERR;
    return before.sa_handler;
}

int kill(pid_t process, int number) { return (int)CALL2(SYS_kill, process, number); }
int raise(int number) { return kill(getpid(), number); }

int sigprocmask(int how, const sigset_t *set, sigset_t *before)
{
    return (int)CALL4(SYS_rt_sigprocmask, how, set, before, sizeof *set);
}

int sigemptyset(sigset_t *set) { *set = 0; return 0; }
int sigfillset(sigset_t *set) { *set = ~0UL; return 0; }
int sigaddset(sigset_t *set, int number) { *set |= 1UL << (number - 1); return 0; }
int sigdelset(sigset_t *set, int number) { *set &= ~(1UL << (number - 1)); return 0; }
int sigismember(const sigset_t *set, int number) { return (int)(*set >> (number - 1) & 1); }

/* sigsetjmp and siglongjmp are setjmp and longjmp with these before them (setjmp.h). */
void __save_signals(sigjmp_buf buffer, int save)
{
    buffer->mask_saved = save;
    if (save)
        sigprocmask(SIG_BLOCK, NULL, &buffer->mask);
}

void __restore_signals(sigjmp_buf buffer)
{
    if (buffer->mask_saved)
        sigprocmask(SIG_SETMASK, &buffer->mask, NULL);
}
