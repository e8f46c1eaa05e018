// Guards, #pragma once, and files that only look guarded.
#include "include/guarded.h"
#include "include/guarded.h"
#undef GUARDED_H
#include "include/guarded.h"
#include "include/once.h"
#include "include/once.h"
#include "include/not_guarded.h"
#include "include/not_guarded.h"
#include "include/else_guard.h"
#include "include/else_guard.h"
