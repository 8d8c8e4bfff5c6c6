// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The least of a list that still fails: delta debugging (Zeller and Hildebrandt 2002), which leaves
// out halves, quarters, and so on, until no single element can be left out.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace xdpbridge::model {

// fails(items) has to be true; it is called often.
template <typename Item, typename Fails>
std::vector<Item> shrink(std::vector<Item> items, const Fails& fails) {
    for (std::size_t chunk = (items.size() + 1) / 2; chunk > 0;) {
        bool any = false;
        // From the end: what comes last depends on what was before.
        for (std::size_t end = items.size(); end > 0;) {
            const std::size_t start = end > chunk ? end - chunk : 0;
            std::vector<Item> fewer(items.begin(), items.begin() + static_cast<long>(start));
            fewer.insert(fewer.end(), items.begin() + static_cast<long>(end), items.end());
            if (fails(fewer)) {
                items = std::move(fewer);
                any = true;
            }
            end = start;
        }
        if (chunk > 1)
            chunk = (chunk + 1) / 2;
        else if (!any)
            chunk = 0;
    }
    return items;
}

} // namespace xdpbridge::model
