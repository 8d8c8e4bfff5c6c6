// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "count.bpf.h"

XDPB_COUNT_FRAMES(first);
