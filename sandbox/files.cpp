#include "sandbox/files.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace xdpbridge::sandbox {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    if (!file)
        throw std::runtime_error("cannot read " + path.string());
    return content.str();
}

Fd memory_file(const char* label, std::string_view content) {
    Fd file(memfd_create(label, MFD_CLOEXEC), fmt::format("create a memory file for {}", label));
    while (!content.empty()) {
        ssize_t n = write(file.get(), content.data(), content.size());
        if (n < 0)
            throw system_error(fmt::format("fill the memory file for {}", label));
        content.remove_prefix(static_cast<size_t>(n));
    }
    lseek(file.get(), 0, SEEK_SET);
    return file;
}

} // namespace xdpbridge::sandbox
