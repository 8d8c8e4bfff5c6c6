// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// All of the library.
#pragma once
#include <xdpbridge/acl.h>
#include <xdpbridge/attachment.h>
#include <xdpbridge/bridge.h>
#include <xdpbridge/class.h>
#include <xdpbridge/doctor.h>
#include <xdpbridge/error.h>
#include <xdpbridge/events.h>
#include <xdpbridge/fdb.h>
#include <xdpbridge/guard.h>
#include <xdpbridge/ip.h>
#include <xdpbridge/ip_prefix.h>
#include <xdpbridge/latency.h>
#include <xdpbridge/mac.h>
#include <xdpbridge/mdb.h>
#include <xdpbridge/neighbour.h>
#include <xdpbridge/port.h>
#include <xdpbridge/rate.h>
#include <xdpbridge/route.h>
#include <xdpbridge/stats.h>
#include <xdpbridge/svi.h>
#include <xdpbridge/vlan.h>
