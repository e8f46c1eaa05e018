/* Signals: handlers, masks, jumps out of handlers. Not for programs that cc builds, which have no handlers. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ucontext.h>
#include <unistd.h>
#include "common.h"

static char text[200];
static volatile int seen, code;
static sigjmp_buf out;

#define SAY(...) (sprintf(text, __VA_ARGS__), result(text))

static void count(int number)
{
    seen = seen * 10 + number % 10;
}

static void tell(int number, siginfo_t *information, void *context)
{
    ucontext_t *where = context;
    (void)where;
    code = information->si_signo == number && information->si_addr == (void *)16;
    siglongjmp(out, 5);
}

int main(int argc, char **argv)
{
    struct sigaction action, before;
    sigset_t set, old;
    int value;

    begin(argc);
    (void)argv;
    signal(SIGUSR1, count);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    SAY("%d", seen);
    SAY("%d %d", signal(SIGUSR1, SIG_IGN) == count, raise(SIGUSR1));
    SAY("%d", seen);

    memset(&action, 0, sizeof action);
    action.sa_handler = count;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    SAY("%d", sigaction(SIGUSR2, &action, &before));
    SAY("%d", before.sa_handler == SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    SAY("%d %d", sigismember(&set, SIGUSR2), sigismember(&set, SIGUSR1));
    sigprocmask(SIG_BLOCK, &set, &old);
    seen = 0;
    raise(SIGUSR2);
    SAY("blocked %d", seen);
    sigprocmask(SIG_SETMASK, &old, NULL);
    SAY("%d", seen);
    errno = 0;
    value = sigaction(SIGKILL, &action, NULL);
    SAY("%d %d", value, errno == EINVAL);

    action.sa_sigaction = tell;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, NULL);
    value = sigsetjmp(out, 1);
    if (value == 0)
        *(volatile int *)16 = 1;
    SAY("%d %d", value, code);
    sigprocmask(SIG_BLOCK, NULL, &set);
    SAY("%d", sigismember(&set, SIGSEGV));
    value = sigsetjmp(out, 1);             /* a second time: the mask was put back */
    if (value == 0)
        *(volatile int *)16 = 1;
    SAY("%d", value);
    end_block("signals");
    return 0;
}
