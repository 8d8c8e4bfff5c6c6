// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "our_path.h"

#include "load.h"

#include <fmt/format.h>

namespace xdpbridge::bench {

namespace {

const std::string bridge_name = "latency";
const Where in_switch{.netns = switch_netns};

} // namespace

OurPath::OurPath(Net& net, const Target& target, Hook hook, bool classes)
    : Path(net, target), bridge_(Bridge::create(bridge_name, {}, in_switch)) {
    try {
        bridge_.ports().add(uplink, {.hook = hook});
        const auto port =
            bridge_.ports().add(target.tap, {.hook = hook, .settings = {.classes = classes}});
        bridge_.fdb().add({.mac = *Mac::parse(target.mac), .port = port, .is_static = true});
        bridge_.classes().add(
            {{.field = XDPB_CLASS_BY_UDP_PORT, .value = load_udp_port}, LatencyClass::bulk});
    } catch (...) {
        Bridge::remove(bridge_name, in_switch);
        throw;
    }
}

OurPath::~OurPath() {
    Bridge::remove(bridge_name, in_switch);
}

std::string OurPath::note() const {
    return fmt::format("isolation: {}", text_of(bridge_.ports().get(target().tap).isolation));
}

} // namespace xdpbridge::bench
