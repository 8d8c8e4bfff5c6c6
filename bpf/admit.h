/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What may stop a frame whose way is known, and sees it once: at the hook that sends it. Exits:
 * drop STORM, POLICER, ACL_POLICER; hand MIRROR.
 */
#pragma once
#include "verdict.h"

static __always_inline int admit(struct packet* p) {
    return NEXT;
}
