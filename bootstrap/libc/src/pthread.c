/* pthread.c: the interface of threads in a process that has one (libpthread.a). */
#include <errno.h>
#include <pthread.h>

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    (void)thread;
    (void)attributes;
    (void)start;
    (void)argument;
    return EAGAIN;
}

int pthread_join(pthread_t thread, void **result)
{
    (void)thread;
    (void)result;
    return EINVAL;
}

pthread_t pthread_self(void) { return 1; }

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
    attributes->kind = PTHREAD_MUTEX_NORMAL;
    return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int kind)
{
    attributes->kind = kind;
    return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    mutex->locked = 0;
    mutex->kind = attributes != NULL ? attributes->kind : PTHREAD_MUTEX_NORMAL;
    return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (mutex->locked && mutex->kind != PTHREAD_MUTEX_RECURSIVE)
        return EBUSY;
    mutex->locked++;
    return 0;
}

/* Locking twice would wait for ever: said instead of done. */
int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return pthread_mutex_trylock(mutex) == 0 ? 0 : EDEADLK;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!mutex->locked)
        return EPERM;
    mutex->locked--;
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return mutex->locked ? EBUSY : 0;
}

int pthread_condattr_init(pthread_condattr_t *attributes)
{
    attributes->shared = PTHREAD_PROCESS_PRIVATE;
    return 0;
}

int pthread_condattr_setpshared(pthread_condattr_t *attributes, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    attributes->shared = shared;
    return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    condition->shared = attributes != NULL ? attributes->shared : PTHREAD_PROCESS_PRIVATE;
    return 0;
}

/* Nobody waits. */
int pthread_cond_signal(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}
