// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A redirect is a promise: the program has said XDP_REDIRECT before the device was asked. These two
 * tracepoints say which promises the kernel broke (trace_xdp_devmap_xmit in kernel/bpf/devmap.c,
 * _trace_xdp_redirect_map_err, which fires xdp_redirect_err, in net/core/filter.c). One instance a
 * bridge; it sees all devices of the host.
 */
#include "device.h"
#include <bpf/bpf_tracing.h>

#define ENXIO 6
#define EMSGSIZE 90
#define EOPNOTSUPP 95
#define ENETDOWN 100

const volatile __u32 devices_map_id = 0;
const volatile __u32 devices_frags_map_id = 0;

static __always_inline enum xdpb_refusal_reason refusal_reason(int err) {
    switch (-err) {
    case 0:
        return XDPB_REFUSAL_QUEUE_FULL;
    case ENXIO:
        return XDPB_REFUSAL_NO_RECEIVER;
    case ENETDOWN:
        return XDPB_REFUSAL_DOWN;
    case EMSGSIZE:
        return XDPB_REFUSAL_MTU;
    case EOPNOTSUPP:
        return XDPB_REFUSAL_UNSUPPORTED;
    default:
        return XDPB_REFUSAL_OTHER;
    }
}

static __always_inline void count_refused(__u32 port, int err, __u64 frames) {
    __u32 index = port + XDPB_HOOK_XDP * XDPB_MAX_PORTS;
    struct xdpb_counters* c = bpf_map_lookup_elem(&counters, &index);
    __u32 reason = refusal_reason(err);

    /* clang 19 knows the bound and leaves it out; the verifier has to see it. */
    asm volatile("" : "+r"(reason));
    if (c && reason < XDPB_REFUSAL_REASON_COUNT)
        c->refused[reason] += frames;
}

/* What the port's egress program has dropped is not refused. It ran just now, on this CPU. */
static __always_inline __u64 take_filtered(__u32 port) {
    __u32 index = port + XDPB_HOOK_XDP * XDPB_MAX_PORTS;
    struct xdpb_counters* c = bpf_map_lookup_elem(&counters, &index);
    __u64 filtered = c ? c->filtered_unseen : 0;

    if (filtered)
        c->filtered_unseen = 0;
    return filtered;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(xdpb_devmap_xmit, const struct net_device* from, const struct net_device* to, int sent,
             int drops, int err) {
    __u64 filtered;
    __u32 port;

    if (drops <= 0)
        return 0;
    port = port_of(to);
    filtered = port ? take_filtered(port) : 0;
    if (port && (__u64)drops > filtered)
        count_refused(port, err < 0 ? err : 0, drops - filtered);
    return 0;
}

/* index is the key in the devmap: the egress port, or 0 for a broadcast, which counts on the
 * ingress port. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(xdpb_redirect_err, const struct net_device* dev, const void* prog, const void* target,
             int err, int map_type, __u32 map_id, __u32 index) {
    if (map_id == devices_map_id || map_id == devices_frags_map_id)
        count_refused(index ? index : port_of(dev), err, 1);
    return 0;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
