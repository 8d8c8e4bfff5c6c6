// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The switch at the tc hook (clsact ingress): the same stages as in bridge.xdp.bpf.c, on an skb. It
 * serves ports whose frames carry offloads, and takes what XDP hands over.
 */
#include "hook_tc.h"

#include "parse.h"
#include "mirror_tc.h"
#include "guard.h"
#include "tag_tc.h"
#include "port_guard.h"
#include "route_tc.h"
#include "route.h"
#include "acl.h"
#include "learn.h"
#include "send_tc.h"
#include "suppress.h"
#include "snoop.h"
#include "forward.h"

SEC("tc")
int xdpb_tc_ingress(struct __sk_buff* skb) {
    struct frame frame;
    struct packet p;
    int verdict;

    if ((verdict = parse(&p, &frame, skb)) != NEXT)
        return verdict;
    if ((verdict = mirror(&p)) != NEXT)
        return verdict;
    if ((verdict = guard(&p)) != NEXT)
        return verdict;
    if ((verdict = enter(&p)) != NEXT)
        return verdict;
    if ((verdict = port_guard(&p)) != NEXT)
        return verdict;
    if ((verdict = acl(&p)) != NEXT)
        return verdict;
    if ((verdict = learn(&p)) != NEXT)
        return verdict;
    if ((verdict = suppress(&p, true)) != NEXT)
        return verdict;
    if ((verdict = snoop(&p)) != NEXT)
        return verdict;
    return forward(&p, true);
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
