/* semaphore.c: counters. Without threads of our own nobody changes one behind our back but a signal
   handler, so plain arithmetic will do; waiting for a post sleeps in the kernel until one comes. */
#include <errno.h>
#include <semaphore.h>
#include "internal.h"

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

int sem_init(sem_t *semaphore, int shared, unsigned int value)
{
    (void)shared;
    semaphore->value = (int)value;
    return 0;
}

int sem_destroy(sem_t *semaphore)
{
    (void)semaphore;
    return 0;
}

int sem_trywait(sem_t *semaphore)
{
    if (semaphore->value == 0) {
        errno = EAGAIN;
        return -1;
    }
    semaphore->value--;
    return 0;
}

int sem_wait(sem_t *semaphore)
{
    while (semaphore->value == 0)
        if (CALL4(SYS_futex, &semaphore->value, FUTEX_WAIT, 0, 0) < 0 && errno == EINTR)
            return -1;
    semaphore->value--;
    return 0;
}

int sem_post(sem_t *semaphore)
{
    semaphore->value++;
    CALL3(SYS_futex, &semaphore->value, FUTEX_WAKE, 1);
    return 0;
}

int sem_getvalue(sem_t *semaphore, int *value)
{
    *value = semaphore->value;
    return 0;
}
