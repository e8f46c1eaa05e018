/* semaphore.h (POSIX): counters, for programs with one thread (src/semaphore.c). */
#ifndef _SEMAPHORE_H
#define _SEMAPHORE_H

typedef struct {
    volatile int value;
    int __reserved[7];
} sem_t;

int sem_init(sem_t *semaphore, int shared, unsigned int value);
int sem_destroy(sem_t *semaphore);
int sem_wait(sem_t *semaphore);
int sem_trywait(sem_t *semaphore);
int sem_post(sem_t *semaphore);
int sem_getvalue(sem_t *semaphore, int *value);

#endif
