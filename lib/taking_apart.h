// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What comes of a step that takes something away. When the kernel has no memory for it, the thing
// may still be there, and the step is to be tried again; after any other error it is not there, or
// not ours.
#pragma once
#include <xdpbridge/error.h>

#include <cerrno>
#include <exception>
#include <initializer_list>

namespace xdpbridge {

// The errno if it is for want of memory, else 0.
inline int if_no_memory(int err) noexcept {
    return err == ENOMEM || err == ENOBUFS ? err : 0;
}

// The same of a step that returns an errno or throws.
template <typename Step>
int if_no_memory_for(const Step& step) noexcept {
    try {
        return if_no_memory(step());
    } catch (const Error& error) {
        return if_no_memory(error.code().value());
    } catch (const std::exception&) {
        return ENOMEM;
    }
}

// Of several steps, all of which have been taken: the first that is not 0.
inline int first_error(std::initializer_list<int> errors) noexcept {
    for (const int err : errors)
        if (err != 0)
            return err;
    return 0;
}

} // namespace xdpbridge
