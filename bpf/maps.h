/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps of one bridge. All are pinned under the bridge's folder by their names here; the library
 * creates them once and every program of the bridge is loaded over them. Sizes marked "set at
 * creation" are raised by the library before it creates the maps.
 */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include <xdpbridge/abi.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct xdpb_bridge);
} bridge SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, XDPB_MAX_PORTS);
    __type(key, __u32);
    __type(value, struct xdpb_port);
} ports SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1); /* set at creation */
    __type(key, struct xdpb_fdb_key);
    __type(value, struct xdpb_fdb_entry);
} fdb SEC(".maps");

/* Where a learned entry waits to be looked at again; see reclaim.h. */
struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 1); /* set at creation */
    __uint(value_size, sizeof(struct xdpb_reclaim));
} reclaim SEC(".maps");

/*
 * Output devices by port number. The kernel empties a slot when its device is unregistered.
 *
 * It also lets either programs that take frames of several buffers use a devmap, or those that do
 * not; and a program behind libxdp's dispatcher cannot take them. So there are two of these maps,
 * "devices" and "devices_frags", with the same devices, and the library gives each instance of a
 * program the one that is right for it.
 */
struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, XDPB_MAX_PORTS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct bpf_devmap_val));
} devices SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, XDPB_VLANS);
    __type(key, __u32);
    __type(value, struct xdpb_vlan);
} vlans SEC(".maps");

/*
 * Where a flood goes, by VLAN id: a devmap with the devices of the VLAN's ports, made before its
 * first joins. Both kinds of programs may use an inner map, so one for both is enough; its
 * egress programs are those of "devices_frags".
 */
struct flood_devices {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, XDPB_MAX_PORTS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct bpf_devmap_val));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, XDPB_VLANS);
    __type(key, __u32);
    __array(values, struct flood_devices);
} flood_by_vlan SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, XDPB_HOOK_COUNT* XDPB_MAX_PORTS);
    __type(key, __u32);
    __type(value, struct xdpb_counters);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* ifindex -> port number, for the tracepoints and the kernel's routes, which know devices. The
 * host's end of an SVI is there too, with the number of the bridge's end. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, XDPB_MAX_PORTS);
    __type(key, __u32);
    __type(value, __u32);
} port_by_ifindex SEC(".maps");

#include "acl_maps.h"
#include "classes.h"
#include "latency_maps.h"
#include "policers.h"
#include "sources.h"
#include "groups.h"
#include "neighbours.h"
#include "routes.h"
