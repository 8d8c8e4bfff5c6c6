// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The tests of the RFCs. Each appends its sections, with an entry for each cell and switch.
#pragma once
#include "results.h"

#include <sandbox/frames.h>

#include <cstdint>
#include <functional>
#include <string>

namespace xdpbridge::bench {

void measure_rates(ForwardingResults& results);      // rates.cpp: 2544 26.1; 2889 5.7, 5.8, 5.10
void measure_loss(ForwardingResults& results);       // loss.cpp: 2544 26.3, 26.4; 2889 5.6
void measure_congestion(ForwardingResults& results); // congestion.cpp: 2889 5.5
void measure_errored(ForwardingResults& results);    // errored.cpp: 2889 5.9

// Whether --cells wants it; says so on standard error.
bool wanted(const ForwardingResults& results, const std::string& section, const std::string& cell);

// All switches in each round, one after the other. An error is the entry's, and ends its rounds.
void each_round(const ForwardingResults& results, SectionResult& section, const std::string& cell,
                const std::function<Figures(Side)>& measure);

// Frames of a measurement, of which campaign.share is made.
std::uint32_t scaled(const ForwardingResults& results, std::uint32_t frames);

// UDP from 10.1.0.2 to 10.2.0.2 of the size that the RFCs mean: with an FCS.
sandbox::Frame frame_of(std::uint32_t size, const std::string& dst, const std::string& src);

// "12.3%", and 0% for what is nothing at all only.
std::string percent(double share);

} // namespace xdpbridge::bench
