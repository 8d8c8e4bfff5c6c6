// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include <xdpbridge/acl.h>
#include <xdpbridge/rate.h>
#include <xdpbridge/vlan.h>

namespace xdpbridge::test {

void fuzz_rate(std::string_view text) {
    const auto rate = Rate::parse(text);
    if (!rate)
        return;
    require(Rate::parse(rate->to_string()) == rate, "a rate is read as it is printed");
    require(rate->packets <= Rate::max_packets && rate->bits <= Rate::max_bits,
            "a rate is within its bounds");
    require(rate->bits == 0 || rate->bits >= Rate::min_bits, "a rate is not below the least");
    const Rate whole = rate->with_bursts();
    require((whole.packets == 0) == (whole.packet_burst == 0), "packets have a burst");
    require((whole.bits == 0) == (whole.byte_burst == 0), "bits have a burst");
    require(Rate::parse(whole.to_string()) == whole, "a rate with bursts is read as it is printed");
}

void fuzz_range(std::string_view text) {
    if (const auto ports = PortRange::parse(text)) {
        require(ports->first <= ports->last, "a range of ports goes up");
        require(PortRange::parse(ports->to_string()) == ports,
                "a range of ports is read as it is printed");
    }
    if (const auto vlans = VlanRange::parse(text)) {
        require(vlans->first >= 1 && vlans->first <= vlans->last && vlans->last <= 4094,
                "VLAN ids go from 1 to 4094");
        require(VlanRange::parse(vlans->to_string()) == vlans,
                "a range of VLANs is read as it is printed");
    }
}

} // namespace xdpbridge::test
