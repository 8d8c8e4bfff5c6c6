// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rate_option.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

CLI::Option* add_rate_option(CLI::App& verb, const std::string& name, std::optional<Rate>& value,
                             const std::string& help) {
    return verb
        .add_option_function<std::string>(
            name, [&value](const std::string& text) { value = Rate::parse(text); }, help)
        ->check([](const std::string& text) {
            return Rate::parse(text)
                       ? std::string()
                       : fmt::format("'{}' is no rate: give one such as 1000pps, 10mbit, "
                                     "1000pps,10mbit,burst=100pkt,burst=64kb, or off",
                                     text);
        })
        ->type_name("RATE");
}

Cell rate_cell(const Rate& rate) {
    if (!rate.limits())
        return cell(nlohmann::json(), "-");
    return cell(nlohmann::json{{"packets", rate.packets},
                               {"packet_burst", rate.packet_burst},
                               {"bits", rate.bits},
                               {"byte_burst", rate.byte_burst}},
                rate.to_string());
}

} // namespace xdpbridge::loader
