/* stdalign.h (C11 7.15); tcc has the attribute, not the keywords. */
#ifndef _STDALIGN_H
#define _STDALIGN_H

#if __STDC_VERSION__ < 201112L
#define _Alignas(what) __attribute__((__aligned__(what)))
#define _Alignof(type) __alignof__(type)
#endif
#define alignas _Alignas
#define alignof _Alignof
#define __alignas_is_defined 1
#define __alignof_is_defined 1

#endif
